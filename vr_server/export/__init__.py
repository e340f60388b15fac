"""What leaves the house: clips of a film's takes, each with where it comes from."""

from .clips import Chosen, ClipExport, Missing, Selection
from .credentials import Credentials
from .identity import SigningIdentity, development_identity, own_identity

__all__ = [
    "Chosen",
    "ClipExport",
    "Credentials",
    "Missing",
    "Selection",
    "SigningIdentity",
    "development_identity",
    "own_identity",
]
