"""ShotSpec -> the text sent to an engine."""

from vr_server.domain.shot import ShotSpec


def compile_prompt(spec: ShotSpec) -> str:
    """The slots in the order camera, subject, environment, atmosphere, colour; the script's text without slots."""
    slots = spec.slots
    parts = (slots.camera_language, slots.subject_action, slots.environment, slots.atmosphere, slots.colour)
    told = [p.strip(" ,,.。;;") for p in parts if p.strip(" ,,.。;;")]
    if not told:
        return spec.text
    return ("。" if spec.language == "zh" else ". ").join(told) + ("。" if spec.language == "zh" else ".")
