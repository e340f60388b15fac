"""From a remark to a Note, and from a Note to the Revision it asks for. Pure."""

from datetime import datetime

from pydantic import ValidationError

from vr_server.domain.base import Vec3, new_id
from vr_server.domain.errors import Conflict, InvalidInput, InvalidPrompt
from vr_server.domain.note import (
    AngleChange,
    CameraMoveChange,
    Change,
    DistanceChange,
    DurationChange,
    FieldDiff,
    FocusChange,
    HeightChange,
    LensChange,
    Note,
    RegionWordsChange,
    Revision,
    ShotSizeChange,
    SpeedChange,
)
from vr_server.domain.region import Region
from vr_server.domain.revision import apply_changes, diff_specs
from vr_server.domain.shot import Shot, ShotSpec
from vr_server.domain.take import Take
from vr_server.language import Interpretation, detect_language, interpret, load_lexicon
from vr_server.language.explain import explain

_OF_THE_CAMERA = (
    DistanceChange, HeightChange, AngleChange, ShotSizeChange, CameraMoveChange, LensChange, FocusChange, DurationChange,
)  # fmt: skip
_CAMERA_STAYS = {
    "en": " In a region the camera and the length of the take stay as they are.",
    "zh": "局部重画时,机位与时长保持不变。",
}
_NOTHING = "The revision changes nothing: write the note in other words, or reject it."


def write(
    take: Take,
    *,
    frame: int,
    author: str,
    text: str,
    at: datetime,
    fps: int,
    point_m: Vec3 | None = None,
    ray_direction: Vec3 | None = None,
    region: Region | None = None,
) -> Note:
    """A note on a frame of a take; `fps` is the take's. Raise InvalidInput when it is empty, too long or off the take."""
    text = text.strip()
    length = take_length(take, fps)
    if not 0 <= frame < length:
        raise InvalidInput(f"The take has frames 0 to {length - 1}, not {frame}.")
    if not text:
        raise InvalidInput("The note is empty: write what should change.")
    try:
        return Note(
            id=new_id("note"),
            project_id=take.project_id,
            take_id=take.id,
            frame=frame,
            time_s=frame / fps,
            author=author,
            text=text,
            language=detect_language(text),
            point_m=point_m,
            ray_direction=ray_direction,
            region=region,
            created_at=at,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"The note cannot be kept: {first['loc'][0]}: {first['msg']}.") from error


def take_length(take: Take, fps: int) -> int:
    """Frames of the take: as made where something is, else as asked for."""
    made = take.best()
    return made.frame_count if made else max(1, round(take.spec.duration_s * fps))


def propose(note: Note, shot: Shot, take: Take | None = None, *, paints_words: bool = False) -> Revision:
    """What the note asks of the shot as it is now; no changes and an explanation when it was not understood.

    A region is drawn anew within its `take`: then it is asked of that, without what a region cannot change, and where the
    take's engine `paints_words` the note's own words are asked too.
    """
    spec = take.spec if take is not None and note.region is not None else shot.spec
    try:
        found = interpret(note.text, spec, language=note.language)
    except InvalidPrompt as error:
        found = Interpretation(changes=(), explanation=str(error), unknown_words=())
    changes, explanation = found.changes, found.explanation
    if note.region is not None:
        changes = _within_region(found.changes)
        if paints_words:
            changes = (*changes, RegionWordsChange(text=note.text))
        if changes != found.changes:
            explanation = explain(changes, note.language, load_lexicon())
        if len(_within_region(found.changes)) < len(found.changes):
            explanation += _CAMERA_STAYS[note.language]
    return Revision(
        id=new_id("revision"),
        project_id=note.project_id,
        shot_id=shot.id,
        note_id=note.id,
        changes=changes,
        diff=_diff(spec, changes),
        explanation=explanation,
        unknown_words=() if note.region is not None and paints_words else found.unknown_words,
    )


def revise(shot: Shot, revision: Revision) -> tuple[Shot, Revision]:
    """The shot after the accepted revision, and the revision with the diff against the shot as it is now.

    The shot may have moved on since the proposal, so the diff is made again: what is kept is what was changed.
    Raise Conflict when nothing would change.
    """
    diff = _diff(shot.spec, revision.changes)
    if not diff:
        raise Conflict(_NOTHING)
    revised = shot.model_copy(update={"spec": apply_changes(shot.spec, revision.changes)})
    return revised, revision.model_copy(update={"state": "accepted", "diff": diff})


def revise_region(shot: Shot, take: Take, revision: Revision) -> tuple[Shot, ShotSpec, Revision]:
    """The same where a region of `take` is drawn anew: the shot, the new take's spec, and the revision with its diff
    against that take. Raise Conflict when nothing would change."""
    diff = _diff(take.spec, revision.changes)
    if not diff:
        raise Conflict(_NOTHING)
    revised = shot.model_copy(update={"spec": apply_changes(shot.spec, revision.changes)})
    spec = apply_changes(take.spec, revision.changes)
    return revised, spec, revision.model_copy(update={"state": "accepted", "diff": diff})


def words_for_region(revision: Revision) -> str:
    """What an engine that draws from words is told of the region besides the shot; empty where nothing is."""
    return " ".join(change.text for change in revision.changes if isinstance(change, RegionWordsChange))


def _diff(spec: ShotSpec, changes: tuple[Change, ...]) -> tuple[FieldDiff, ...]:
    told = [FieldDiff(path="region", before="", after=c.text) for c in changes if isinstance(c, RegionWordsChange)]
    return (*diff_specs(spec, apply_changes(spec, changes)), *told)


def _within_region(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """What can be changed of a part of the picture: not the camera, and not how long the shot is."""
    kept: list[Change] = []
    for change in changes:
        if isinstance(change, SpeedChange):
            if change.scope != "camera":
                kept.append(change.model_copy(update={"scope": "action"}))
        elif not isinstance(change, _OF_THE_CAMERA):
            kept.append(change)
    return tuple(kept)
