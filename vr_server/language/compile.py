"""ShotSpec -> the text sent to an engine."""

import re

from vr_server.domain.shot import ShotSpec

_EDGES = re.compile(r"^[\s,,.。;;]+|[\s,,.。;;]+$")


def compile_prompt(spec: ShotSpec) -> str:
    """The slots in the order camera, subject, environment, atmosphere, colour; the script's text without slots."""
    slots = spec.slots
    parts = (slots.camera_language, slots.subject_action, slots.environment, slots.atmosphere, slots.colour)
    told = [words for part in parts if (words := _EDGES.sub("", part))]
    if not told:
        return spec.text
    return ("。" if spec.language == "zh" else ". ").join(told) + ("。" if spec.language == "zh" else ".")
