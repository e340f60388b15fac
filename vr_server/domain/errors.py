"""Every error the product raises on purpose, in one tree.

    PrevisError
    ├── InvalidInput             the caller's words or files cannot be used
    │   ├── InvalidScript        empty, binary or without a single shot
    │   ├── InvalidPrompt        empty or too long
    │   ├── GateRefused          words that a list of the gate has; who may can override it
    │   ├── InvalidMedia         a clip, depth or manifest that is not what it says
    │   ├── InvalidModel         a network that is unknown, damaged, not the pinned one or of another kind
    │   ├── NoDepth              depth cannot be found for this clip in the way asked for
    │   ├── InvalidOffer         an SDP that is not one
    │   ├── InvalidMessage       a websocket message the protocol does not know
    │   └── UnknownEngine        no engine of that name
    ├── NotFound                 project, shot, take, note, room, file
    ├── Conflict                 the thing is not in a state that allows this
    │   └── OverBudget           the project has no money left for it
    ├── Forbidden                no token, a wrong token, or a role that may not
    ├── Unavailable              busy or full; trying again later is right
    ├── EngineFailed             an engine could not make the clip
    │   ├── EngineAuth           its key is missing, wrong, not allowed or out of credit: asking again does not help
    │   ├── EngineThrottled      it takes no more for now; says when, if it was told
    │   ├── EngineRefused        it will not make this: its own moderation
    │   ├── EngineUnreachable    it cannot be reached or is broken for the moment; nothing was ordered
    │   ├── EngineLied           its answer or its clip is not what its contract says
    │   ├── ResultGone           the clip was made, but its address has expired
    │   └── OutcomeUnknown       it may have taken the order, and may charge for it: look, then retry or drop
    ├── StorageFailed            disk full, folder or database that cannot be used, cold store that cannot be reached
    │   └── BlobDamaged          the bytes are not those that their name says
    └── Cancelled                somebody asked for it to stop

`code` is stable and goes over the wire; `str(error)` is one line a person can act on.
The HTTP status of each class is the API's business (`vr_server/api/problems.py`).
"""

from typing import ClassVar


class PrevisError(Exception):
    """Root of the tree. The message is one line that says what to do about it."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InvalidInput(PrevisError):
    code = "invalid-input"
    title = "The input cannot be used"


class InvalidScript(InvalidInput):
    code = "invalid-script"
    title = "The script cannot be read"


class InvalidPrompt(InvalidInput):
    code = "invalid-prompt"
    title = "The prompt cannot be used"


class GateRefused(InvalidInput):
    code = "gate-refused"
    title = "The gate does not let these words out"


class InvalidMedia(InvalidInput):
    code = "invalid-media"
    title = "The media file cannot be used"


class InvalidModel(InvalidInput):
    code = "invalid-model"
    title = "The network cannot be used"


class NoDepth(InvalidInput):
    code = "no-depth"
    title = "Depth cannot be found for this clip"


class InvalidOffer(InvalidInput):
    code = "invalid-offer"
    title = "The session description cannot be used"


class InvalidMessage(InvalidInput):
    code = "invalid-message"
    title = "The message is not part of the protocol"


class UnknownEngine(InvalidInput):
    code = "unknown-engine"
    title = "There is no engine of that name"


class NotFound(PrevisError):
    code = "not-found"
    title = "There is no such thing"


class Conflict(PrevisError):
    code = "conflict"
    title = "That cannot be done now"


class OverBudget(Conflict):
    code = "over-budget"
    title = "The project's budget does not allow it"


class Forbidden(PrevisError):
    code = "forbidden"
    title = "That is not allowed"


class Unavailable(PrevisError):
    code = "unavailable"
    title = "Not available at the moment"


class EngineFailed(PrevisError):
    code = "engine-failed"
    title = "The engine could not make the clip"


class EngineAuth(EngineFailed):
    code = "engine-auth"
    title = "The engine does not accept the key"


class EngineThrottled(EngineFailed):
    """`retry_after_s`: the wait the engine asked for; None when it named none."""

    code = "engine-throttled"
    title = "The engine takes no more for now"

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineRefused(EngineFailed):
    code = "engine-refused"
    title = "The engine refuses this content"


class EngineUnreachable(EngineFailed):
    code = "engine-unreachable"
    title = "The engine cannot be reached"


class EngineLied(EngineFailed):
    code = "engine-lied"
    title = "The engine's answer is not what it should be"


class ResultGone(EngineFailed):
    code = "result-gone"
    title = "The clip is no longer at its address"


class OutcomeUnknown(EngineFailed):
    code = "outcome-unknown"
    title = "Nobody knows whether the engine took the order"


class StorageFailed(PrevisError):
    code = "storage-failed"
    title = "The data could not be stored or read"


class BlobDamaged(StorageFailed):
    code = "blob-damaged"
    title = "A stored file is damaged"


class Cancelled(PrevisError):
    code = "cancelled"
    title = "Cancelled"


def error_of(code: str, message: str) -> PrevisError:
    """The error of a stored `code`; one of a code that is no longer known is an EngineFailed."""
    kinds: list[type[PrevisError]] = [PrevisError]
    for kind in kinds:
        if kind.code == code and kind is not PrevisError:
            return kind(message)
        kinds += kind.__subclasses__()
    return EngineFailed(message)
