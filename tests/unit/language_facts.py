"""A spec as short lines: what a reader of the prompt would check one by one."""

from vr_server.domain.shot import CameraIntent, ShotSpec, SubjectSpec


def facts(spec: ShotSpec) -> list[str]:
    """One line per subject, then world, camera and what was left out, each only where it is not the usual."""
    world = [spec.place, *spec.set_dressing, *spec.weather]
    world += [spec.time_of_day] if spec.time_of_day != "day" else []
    world += [f"suns {spec.suns}"] if spec.suns != 1 else []
    world += [f"moons {spec.moons}"] if spec.moons else []
    world += [f"{spec.sky_colour} sky"] if spec.sky_colour else []
    world += [f"style {spec.style}"] if spec.style else []
    world += [f"pace {spec.action_speed:g}"] if spec.action_speed != 1 else []
    lines = [*map(_subject, spec.subjects), " ".join(world)]
    lines += [line] if (line := _camera(spec.camera)) else []
    lines += [f"unknown {' '.join(spec.unknown_words)}"] if spec.unknown_words else []
    return [*lines, *spec.left_out]


def _subject(s: SubjectSpec) -> str:
    words = [s.key if s.key == s.kind else f"{s.key}={s.kind}"]
    words += [f"x{s.count}"] if s.count > 1 else []
    words += [f"size {s.scale:g}"] if s.scale != 1 else []
    words += [*s.colours, *([s.wardrobe] if s.wardrobe else []), *(f"+{p}" for p in s.props)]
    if s.placement:
        words.append(f"{s.placement.side} of {s.placement.of or 'frame'}")
    beats = [b.action + (f" {b.target}" if b.target else "") for b in s.beats]
    return " ".join(words) + ": " + ", ".join(beats)


def _camera(camera: CameraIntent) -> str:
    told = camera.model_dump(exclude_defaults=True, exclude={"beats"})
    words = [f"{name}={value}" for name, value in told.items()]
    for beat in camera.beats:
        parts = (beat.move, beat.shot_size, beat.angle, beat.focus and f"on {beat.focus}")
        words.append("then " + " ".join(p for p in parts if p))
    return " ".join(words)
