"""From a remark to a Note, and from a Note to the Revision it asks for. Pure."""

from datetime import datetime

from pydantic import ValidationError

from vr_server.domain.base import Vec3, new_id
from vr_server.domain.errors import Conflict, InvalidInput, InvalidPrompt
from vr_server.domain.note import Note, Revision
from vr_server.domain.revision import apply_changes, diff_specs
from vr_server.domain.shot import Shot
from vr_server.domain.take import Take
from vr_server.language import Interpretation, detect_language, interpret


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
            created_at=at,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"The note cannot be kept: {first['loc'][0]}: {first['msg']}.") from error


def take_length(take: Take, fps: int) -> int:
    """Frames of the take: as made where something is, else as asked for."""
    made = take.best()
    return made.frame_count if made else max(1, round(take.spec.duration_s * fps))


def propose(note: Note, shot: Shot) -> Revision:
    """What the note asks of the shot as it is now; no changes and an explanation when it was not understood."""
    try:
        found = interpret(note.text, shot.spec, language=note.language)
    except InvalidPrompt as error:
        found = Interpretation(changes=(), explanation=str(error), unknown_words=())
    return Revision(
        id=new_id("revision"),
        project_id=note.project_id,
        shot_id=shot.id,
        note_id=note.id,
        changes=found.changes,
        diff=diff_specs(shot.spec, apply_changes(shot.spec, found.changes)),
        explanation=found.explanation,
        unknown_words=found.unknown_words,
    )


def revise(shot: Shot, revision: Revision) -> tuple[Shot, Revision]:
    """The shot after the accepted revision, and the revision with the diff against the shot as it is now.

    The shot may have moved on since the proposal, so the diff is made again: what is kept is what was changed.
    Raise Conflict when nothing would change.
    """
    spec = apply_changes(shot.spec, revision.changes)
    diff = diff_specs(shot.spec, spec)
    if not diff:
        raise Conflict("The revision changes nothing: write the note in other words, or reject it.")
    revised = shot.model_copy(update={"spec": spec})
    return revised, revision.model_copy(update={"state": "accepted", "diff": diff})
