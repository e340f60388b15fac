"""The room's websocket protocol, written once. `make protocol` generates the client's TypeScript from it.

Every message is one JSON object with a `type`. Clients send `ClientMessage`, the server sends `ServerMessage`.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from vr_server.domain.base import Language, Model, Vec3
from vr_server.domain.decision import Override
from vr_server.domain.manifest import Manifest
from vr_server.domain.note import Note, Revision
from vr_server.domain.region import Region
from vr_server.domain.room import Participant, Playhead
from vr_server.domain.shot import Project, Shot
from vr_server.domain.take import MOST_VARIANTS, Differ, GuidanceWish, Quality, Take

PROTOCOL_VERSION = 1
MESSAGE_LIMIT_BYTES = 64 * 1024

# ---------------------------------------------------------------- client -> server


class Hello(Model):
    """First message on a connection; the token travels in the cookie or the query, never here."""

    type: Literal["hello"] = "hello"
    name: str = Field(min_length=1, max_length=60)
    language: Language = "en"
    protocol_version: int = PROTOCOL_VERSION


class Transport(Model):
    type: Literal["transport"] = "transport"
    action: Literal["play", "pause", "seek"]
    frame: int | None = Field(default=None, ge=0)


class SelectTake(Model):
    """Move the room to another take (a shot without takes is selected by asking for one): from its beginning and running,
    or with `frame` there, running or paused as the room is, to hold one take against another."""

    type: Literal["selectTake"] = "selectTake"
    take_id: str
    frame: int | None = Field(default=None, ge=0)


class RequestTake(Model):
    """As ``POST /api/shots/{id}/takes``. An error that answers it echoes `client_id`."""

    type: Literal["requestTake"] = "requestTake"
    shot_id: str
    engine: str | None = Field(default=None, max_length=64)
    seed: int | None = Field(default=None, ge=0, le=2147483647)
    variants: int = Field(default=1, ge=1, le=MOST_VARIANTS)
    differ: Differ = "reading"
    styles: tuple[str, ...] = Field(default=(), max_length=MOST_VARIANTS)
    guidance: GuidanceWish = "auto"
    override: Override | None = None
    client_id: str | None = Field(default=None, max_length=64)


class WriteNote(Model):
    """`client_id` makes the request idempotent: the same id again returns the note already kept. `region`: only that part of
    the picture is meant; a painted mask is sent first (``POST /api/takes/{id}/masks``)."""

    type: Literal["writeNote"] = "writeNote"
    client_id: str = Field(min_length=8, max_length=64)
    take_id: str
    frame: int = Field(ge=0)
    text: str = Field(min_length=1, max_length=2000)
    point_m: Vec3 | None = None
    ray_direction: Vec3 | None = None
    region: Region | None = None


class DecideRevision(Model):
    type: Literal["decideRevision"] = "decideRevision"
    revision_id: str
    accept: bool


class CancelTake(Model):
    type: Literal["cancelTake"] = "cancelTake"
    take_id: str


class ResolveTake(Model):
    """About a take of state unknown, after a look at the engine: send it once more, or drop it."""

    type: Literal["resolveTake"] = "resolveTake"
    take_id: str
    retry: bool


class Pose(Model):
    """Own head (and hands) in stage metres, at most 30 a second."""

    type: Literal["pose"] = "pose"
    head: tuple[float, float, float, float, float, float, float]  # x y z, quaternion xyzw
    immersive: bool = False


class Ping(Model):
    """Heartbeat, every 2 s. Silence of 6 s ends the connection."""

    type: Literal["ping"] = "ping"
    t: float


ClientMessage = Annotated[
    Hello | Transport | SelectTake | RequestTake | WriteNote | DecideRevision | CancelTake | ResolveTake | Pose | Ping,
    Field(discriminator="type"),
]

# ---------------------------------------------------------------- server -> client


class IceServer(Model):
    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class Welcome(Model):
    """Everything needed to show the room, in one message."""

    type: Literal["welcome"] = "welcome"
    protocol_version: int = PROTOCOL_VERSION
    server_version: str
    room_id: str
    participant: Participant
    participants: tuple[Participant, ...]
    project: Project
    shots: tuple[Shot, ...]
    takes: tuple[Take, ...]
    notes: tuple[Note, ...]
    revisions: tuple[Revision, ...]
    playhead: Playhead
    whep_path: str
    ice_servers: tuple[IceServer, ...] = ()


class Presence(Model):
    type: Literal["presence"] = "presence"
    participants: tuple[Participant, ...]


class Poses(Model):
    """One batched message a tick: participant id -> head pose."""

    type: Literal["poses"] = "poses"
    heads: dict[str, tuple[float, float, float, float, float, float, float]]


class TakeUpdated(Model):
    """A take is new, has another state, or has another rendition."""

    type: Literal["takeUpdated"] = "takeUpdated"
    take: Take


class Progress(Model):
    """How far a take's making is. `fraction` 0..1 over the stage; `playable_frames` can be watched already. `preview`: another
    number for each still of what is being made, which is at GET /api/takes/{takeId}/preview; none where there is none."""

    type: Literal["progress"] = "progress"
    take_id: str
    stage: Literal["queued", "generating", "staging", "draft", "final", "storing", "recalling"]
    fraction: float
    playable_frames: int = 0
    eta_s: float | None = None
    preview: int | None = None


class ManifestMessage(Model):
    """Sent before the first frame of another rendition reaches the wire."""

    type: Literal["manifest"] = "manifest"
    take_id: str
    quality: Quality
    files_path: str  # GET {files_path}/{name}: poster.jpg, stage.glb, staging.json, ...
    manifest: Manifest


class Span(Model):
    """From wire counter `counter` on, frame `frame + (c - counter)` of this take is shown (looping at frame_count).

    The RTP timestamp of a counter is ``counter * 90000 / fps`` (modulo 2^32): a viewer that sees it needs no barcode.
    Paused: nothing is sent and the client holds `frame`.
    """

    type: Literal["span"] = "span"
    counter: int
    take_id: str
    quality: Quality
    frame: int
    frame_count: int
    fps: tuple[int, int]
    playing: bool


class PlayheadMessage(Model):
    """Twice a second, and at once after a change."""

    type: Literal["playhead"] = "playhead"
    playhead: Playhead


class NoteAdded(Model):
    """The note is on disk. `client_id` echoes the writer's."""

    type: Literal["noteAdded"] = "noteAdded"
    note: Note
    client_id: str | None = None


class RevisionUpdated(Model):
    """A revision was proposed, accepted or rejected."""

    type: Literal["revisionUpdated"] = "revisionUpdated"
    revision: Revision


class ShotUpdated(Model):
    type: Literal["shotUpdated"] = "shotUpdated"
    shot: Shot


class ErrorMessage(Model):
    """`code` as in domain/errors.py; `detail` is one line a person can act on; `re` is the type it answers, and
    `client_id` that message's own."""

    type: Literal["error"] = "error"
    code: str
    title: str
    detail: str
    re: str | None = None
    client_id: str | None = None


class Pong(Model):
    type: Literal["pong"] = "pong"
    t: float
    server_time: datetime


ServerMessage = Annotated[
    Welcome | Presence | Poses | TakeUpdated | Progress | ManifestMessage | Span | PlayheadMessage
    | NoteAdded | RevisionUpdated | ShotUpdated | ErrorMessage | Pong,
    Field(discriminator="type"),
]  # fmt: skip

client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
server_messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
