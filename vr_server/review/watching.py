"""A take's video, watched for its quality and against its planned blocking. In a worker: decodes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from vr_server.domain.base import Language
from vr_server.domain.errors import InvalidMedia, InvalidModel, Unavailable
from vr_server.domain.shot import CameraIntent, CameraMove, ShotSpec
from vr_server.domain.staging import Staging
from vr_server.domain.take import Finding
from vr_server.layering.depth import NetworkMasks
from vr_server.media import VideoPictures, read_ids

from .aids import NONE as NO_AIDS
from .aids import Aids
from .bar import QualityBar
from .blocking_check import BlockingCheck, Glimpse, Measure
from .networks import MaskPeople, NudityFinder
from .planned import Box, plan_of
from .quality import Flow, Grey, check, flows_of, to_grey
from .reasons import told, unfit_word
from .seen import LOOK_WIDTH_PX, U8, boxes_by_id

MOMENTS = 25
"""At so many moments of a take the plan is made; at every third of them pictures are looked at closely."""
_EVERY = 3
_STILL_WIDTH_PX = 512
REPORT = "blocking_check.json"


@dataclass(frozen=True, eq=False)
class Watched:
    """A video seen once: every frame as `to_grey` makes it, the frames of `moments` in colour and small."""

    greys: list[Grey]
    colors: dict[int, U8]
    moments: tuple[int, ...]
    fps: float
    aspect: float


def watch(pictures: Iterable[U8], frame_count: int, fps: float) -> Watched:
    """See `frame_count` pictures uint8 [h, w, 3] RGB through."""
    moments = tuple(sorted({round(v) for v in np.linspace(0, frame_count - 1, MOMENTS)}))
    wanted = set(moments[::_EVERY])
    greys: list[Grey] = []
    colors: dict[int, U8] = {}
    aspect = 16 / 9
    for n, picture in enumerate(pictures):
        greys.append(to_grey(picture))
        if n in wanted:
            colors[n] = _small(picture)
            aspect = picture.shape[1] / picture.shape[0]
    return Watched(greys, colors, tuple(m for m in moments if m < len(greys)), fps, aspect)


def against_plan(
    watched: Watched,
    staging: Staging,
    *,
    flows: tuple[Flow | None, ...],
    bar: QualityBar,
    language: Language = "en",
    ids: dict[int, npt.NDArray[np.uint16]] | None = None,
    people: dict[int, list[Box]] | None = None,
) -> tuple[Measure, ...]:
    """Everything that the staging plans, held against what was seen. `ids`: object ids [h, w] of some frames, where known;
    `people`: the boxes of the people in them, where somebody found them.

    A take that is longer or shorter than its staging is taken to do the same at another pace.
    """
    count = len(watched.greys)
    if count < 2:
        return ()
    times = np.array(watched.moments) * (staging.duration_s / count)
    glimpses = []
    for number, frame in enumerate(watched.moments):
        if frame not in watched.colors:
            continue
        boxes = boxes_by_id(ids[frame]) if ids is not None and frame in ids else None
        found = people.get(frame) if people is not None else None
        after = watched.greys[frame + 1 if frame + 1 < count else frame - 1]
        glimpses.append(Glimpse(number, frame, watched.colors[frame], watched.greys[frame], after, boxes, found))
    plan = plan_of(staging, times, watched.aspect)
    return BlockingCheck(plan, tuple(glimpses), flows, watched.fps, bar, language).measures()


def look_at_take(
    folder: Path,
    clip: Path,
    spec: ShotSpec,
    bar: QualityBar,
    *,
    aids: Aids = NO_AIDS,
    note: Callable[[str], None] = lambda _: None,
) -> tuple[Finding, ...]:
    """What misses the bar in the `clip` folder of a take's `folder`, also against the staging that lies there.

    Writes what was measured and what could not be to `REPORT`. Where there is no staging, or none that can be read,
    the pictures alone are judged; a network of the `aids` that fails is done without (`note` is told why).
    Raise InvalidMedia.
    """
    pictures = VideoPictures(clip / "clip.mp4")
    watched = watch(pictures, pictures.frame_count, float(pictures.fps))
    flows = flows_of(watched.greys, bar)
    found = check(watched.greys, watched.fps, move=_asked(spec.camera), bar=bar, flows=flows)
    found += _unfit(watched, spec.language, bar, aids, note)
    staging = _staging(folder / "staging.json", note)
    if staging is None:
        return found
    measures = against_plan(
        watched,
        staging,
        flows=flows,
        bar=bar,
        language=spec.language,
        ids=_ids(clip, watched),
        people=_people(watched, aids, note),
    )
    report = [measure.model_dump(mode="json") for measure in measures]
    (folder / REPORT).write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    if any(m.check == "camera_path" and m.value is not None for m in measures):
        found = tuple(f for f in found if f.check != "camera")  # the plan knows more than the word asked for
    return (*found, *(f for m in measures if (f := m.finding()) is not None))


def _people(watched: Watched, aids: Aids, note: Callable[[str], None]) -> dict[int, list[Box]] | None:
    if aids.people_model is None:
        return None
    try:
        finder = MaskPeople(NetworkMasks(aids.people_model))
        return {frame: finder.people(color) for frame, color in watched.colors.items()}
    except (InvalidModel, Unavailable) as error:
        note(f"People were not looked for: {error}")
        return None


def _unfit(
    watched: Watched, language: Language, bar: QualityBar, aids: Aids, note: Callable[[str], None]
) -> tuple[Finding, ...]:
    if aids.content_model is None:
        return ()
    try:
        found = NudityFinder(aids.content_model).look(watched.colors.items())
    except (InvalidModel, Unavailable) as error:
        note(f"The pictures were not looked through for what should not be shown: {error}")
        return ()
    if found is None or found.score <= bar.content:
        return ()
    value = round(found.score, 4)
    reason = told("content", language, what=unfit_word(found.what, language), value=value)
    return (Finding(check="content", value=value, threshold=bar.content, reason=reason, frame=found.frame),)


def write_stills(video: Path, folder: Path, count: int) -> None:
    """Write `count` pictures of a video, evenly spread, as small JPEGs 1.jpg, 2.jpg … to `folder`. Raise InvalidMedia."""
    pictures = VideoPictures(video)
    last = pictures.frame_count - 1
    wanted = {round(last * (n + 0.5) / count): n + 1 for n in range(count)}
    folder.mkdir(parents=True, exist_ok=True)
    for n, picture in enumerate(pictures):
        if n in wanted:
            height = max(16, round(picture.shape[0] * _STILL_WIDTH_PX / picture.shape[1]))
            small = cv2.resize(picture, (_STILL_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
            _, coded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, 85))
            (folder / f"{wanted[n]}.jpg").write_bytes(coded.tobytes())


def _asked(camera: CameraIntent) -> CameraMove | None:
    """The one move asked for; a camera that was asked for several is not judged by one."""
    return camera.move if len(camera.beats) < 2 and camera.projection == "perspective" else None


def _small(picture: U8) -> U8:
    height = max(16, round(picture.shape[0] * LOOK_WIDTH_PX / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (LOOK_WIDTH_PX, height), interpolation=cv2.INTER_AREA), np.uint8)


def _staging(path: Path, note: Callable[[str], None]) -> Staging | None:
    try:
        return Staging.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        note(f"The planned staging cannot be read, so the take was not held against it: {type(error).__name__}.")
        return None


def _ids(clip: Path, watched: Watched) -> dict[int, npt.NDArray[np.uint16]] | None:
    """The ids of the frames that are looked at, where the clip brings them."""
    try:
        return {n: ids for n, ids in enumerate(read_ids(clip)) if n in watched.colors}
    except InvalidMedia:
        return None
