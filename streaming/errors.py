"""What streaming refuses, each with one line a person can act on."""


class OfferError(ValueError):
    """The offer (or a trickled candidate) cannot be answered."""


class RoomFull(Exception):
    """The room serves as many viewers as it may."""


class StreamClosed(Exception):
    """The room stream, or the viewer, is closed already."""
