"""What a room asks of the rest: a workshop that makes takes, and a stream that shows them."""

from collections.abc import Callable
from typing import Protocol

from streaming import ClipSource, Span
from streaming import Playhead as WirePlayhead
from vr_server.domain.base import Vec3
from vr_server.domain.decision import Override
from vr_server.domain.note import Note, Revision
from vr_server.domain.region import Region
from vr_server.domain.shot import Project, Shot
from vr_server.domain.take import ONE_TAKE, GuidanceWish, Quality, Take, Variants
from vr_server.storage import Lease, Store


class ProjectView(Protocol):
    """All of a project that a room shows; shots in the film's order, the rest oldest first."""

    @property
    def project(self) -> Project: ...
    @property
    def shots(self) -> tuple[Shot, ...]: ...
    @property
    def takes(self) -> tuple[Take, ...]: ...
    @property
    def notes(self) -> tuple[Note, ...]: ...
    @property
    def revisions(self) -> tuple[Revision, ...]: ...


class Workshop(Protocol):
    """The application service as rooms see it (`vr_server.jobs.Production`). Errors as documented there."""

    @property
    def store(self) -> Store: ...

    async def project_state(self, project_id: str) -> ProjectView: ...

    async def request_take(
        self,
        shot_id: str,
        *,
        engine: str | None = None,
        seed: int | None = None,
        variants: Variants = ONE_TAKE,
        guidance: GuidanceWish | None = None,
        override: Override | None = None,
    ) -> Take: ...

    async def cancel_take(self, take_id: str) -> Take: ...

    async def resolve_take(self, take_id: str, *, retry: bool) -> Take: ...

    async def write_note(
        self,
        *,
        project_id: str,
        take_id: str,
        frame: int,
        author: str,
        text: str,
        client_id: str,
        point_m: Vec3 | None = None,
        ray_direction: Vec3 | None = None,
        region: Region | None = None,
    ) -> Note: ...

    async def decide_revision(self, revision_id: str, accept: bool) -> Revision: ...

    async def lease(self, take_id: str, quality: Quality) -> Lease: ...

    def hold(self, take_id: str, quality: Quality) -> Lease: ...


class Viewer(Protocol):
    """One media connection (`streaming.Viewer`)."""

    @property
    def id(self) -> str: ...
    @property
    def answer_sdp(self) -> str: ...

    async def add_candidates(self, fragment: str, /) -> None: ...

    async def close(self) -> None: ...


class Stream(Protocol):
    """A room's pictures on the wire (`streaming.RoomStream`)."""

    @property
    def playhead(self) -> WirePlayhead: ...

    def load(self, source: ClipSource, *, tag: str, frame: int = 0, playing: bool = True) -> None: ...

    def play(self) -> None: ...

    def pause(self) -> None: ...

    def seek(self, frame: int) -> None: ...

    async def connect(self, offer_sdp: str) -> Viewer: ...

    async def close(self) -> None: ...


class StreamFactory(Protocol):
    """Makes a stream that calls back with each span before its first picture, and with viewers that have left."""

    def __call__(self, on_span: Callable[[Span], None], on_viewer_closed: Callable[[str], None], /) -> Stream: ...
