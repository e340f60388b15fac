"""A shared visit."""

from datetime import datetime
from typing import Literal

from .base import Language, Model
from .take import Quality

Role = Literal["director", "collaborator", "viewer"]


class Room(Model):
    id: str
    project_id: str
    name: str
    created_at: datetime


class Participant(Model):
    """One connection of one person. The same user on two devices is two participants."""

    id: str
    name: str
    role: Role
    language: Language
    immersive: bool = False


class Playhead(Model):
    """Where the room is. One per room.

    `counter` is the wire's frame counter: it never goes back, on seek or loop either.
    """

    take_id: str | None
    quality: Quality | None
    frame: int
    playing: bool
    counter: int
