"""Who wears what: wardrobes by lexicon id with seeded colours, and a person's nodes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import affine, rot_y, vec
from vr_server.staging.meshes.core import capsule, finish, lathe, times
from vr_server.staging.meshes.props import HELD, Held, held_prop
from vr_server.staging.scene import Matrix, MovingNode

from .cloth import hair_pieces, sash_pieces, skirt_pieces
from .figure import figure_meshes
from .performance import Performance
from .wardrobe import Wardrobe

_SKINS: tuple[Rgb, ...] = (
    (0.60, 0.38, 0.27),
    (0.52, 0.31, 0.21),
    (0.36, 0.20, 0.13),
    (0.64, 0.43, 0.32),
    (0.22, 0.12, 0.08),
)
_HAIRS: tuple[Rgb, ...] = ((0.02, 0.016, 0.014), (0.05, 0.028, 0.016), (0.12, 0.07, 0.035), (0.025, 0.02, 0.02))
_TOPS: tuple[Rgb, ...] = (
    (0.45, 0.12, 0.08),
    (0.08, 0.22, 0.38),
    (0.46, 0.36, 0.14),
    (0.10, 0.27, 0.18),
    (0.48, 0.46, 0.42),
    (0.20, 0.10, 0.26),
)
_LEGS: tuple[Rgb, ...] = ((0.05, 0.07, 0.12), (0.14, 0.12, 0.10), (0.24, 0.21, 0.16), (0.06, 0.06, 0.065))
_HANFU: tuple[tuple[Rgb, Rgb, Rgb], ...] = (
    ((0.62, 0.60, 0.56), (0.48, 0.07, 0.07), (0.60, 0.42, 0.12)),
    ((0.62, 0.66, 0.64), (0.13, 0.36, 0.38), (0.55, 0.50, 0.35)),
    ((0.70, 0.52, 0.52), (0.52, 0.16, 0.22), (0.62, 0.58, 0.5)),
)
FEMALE = {"woman", "swordswoman", "dancer"}
_GREY: Rgb = (0.42, 0.41, 0.39)


def wardrobe_of(subject: Subject) -> Wardrobe:
    """Deterministic from the subject's seed; the lexicon's wardrobe id decides the cut."""
    rng = np.random.default_rng(subject.seed)
    pick = [int(rng.integers(60)) for _ in range(5)]
    skin, hair = _SKINS[pick[0] % len(_SKINS)], _HAIRS[pick[1] % len(_HAIRS)]
    top, legs = _TOPS[pick[2] % len(_TOPS)], _LEGS[pick[3] % len(_LEGS)]
    woman = subject.kind in FEMALE
    if subject.kind == "elder":
        hair = _GREY
    plain = Wardrobe(skin, hair, top, legs, (0.05, 0.035, 0.025), times(top, 0.6), hair="bun" if woman else "short")
    worn = subject.wardrobe or {
        "swordswoman": "hanfu",
        "astronaut": "spacesuit",
        "knight": "armour",
        "soldier": "armour",
        "traveller": "coat",
    }.get(subject.kind)
    if worn == "spacesuit":
        return replace(
            plain,
            top=(0.62, 0.62, 0.60),
            legs=(0.62, 0.62, 0.60),
            shoes=(0.25, 0.25, 0.27),
            accent=(0.62, 0.20, 0.05),
            suit=True,
        )
    if worn == "hanfu":
        blouse, skirt, trim = _HANFU[pick[4] % len(_HANFU)]
        return replace(
            plain,
            skin=_SKINS[(0, 3)[pick[0] % 2]],
            hair_colour=_HAIRS[0],
            top=blouse,
            legs=skirt,
            accent=trim,
            hair="long",
            skirt="hanfu",
            wide_sleeves=True,
        )
    if worn == "armour":
        return replace(plain, top=(0.16, 0.14, 0.13), legs=(0.12, 0.11, 0.1), accent=(0.4, 0.3, 0.12), armour=True)
    if worn == "coat":
        cloth = ((0.16, 0.12, 0.08), (0.08, 0.09, 0.11), (0.24, 0.18, 0.11))[pick[2] % 3]
        return replace(plain, top=cloth, accent=times(cloth, 0.55), skirt="coat")
    if worn == "suit":
        return replace(plain, top=(0.045, 0.05, 0.065), legs=(0.045, 0.05, 0.065), accent=(0.5, 0.5, 0.5))
    if worn == "dress" or (worn is None and subject.kind == "dancer"):
        return replace(plain, legs=top, skirt="dress")
    return plain


def person_nodes(subject: Subject, wind: float) -> list[MovingNode]:
    """Every part of a person: body, cloth, hair, held props. `wind` 0..1 moves what hangs."""
    worn = wardrobe_of(subject)
    if subject.colours:
        worn = replace(worn, top=subject.colours[0], legs=subject.colours[1] if len(subject.colours) > 1 else worn.legs)
    slender = 0.9 if subject.kind in FEMALE else 1.0
    act = Performance(subject, worn.breadth(slender))
    nodes: list[MovingNode] = []
    for part, meshes in figure_meshes(act.build, worn, slender).items():
        nodes += [MovingNode(mesh, subject.object_id, subject.label, part, _follow(act, part)) for mesh in meshes]
    pieces = skirt_pieces(act, worn, wind) if worn.skirt != "none" else []
    if worn.hair == "long" and not worn.suit and not worn.armour:
        pieces += hair_pieces(act, worn, wind)
    if worn.skirt == "hanfu":
        pieces += sash_pieces(act, worn, wind)
    nodes += [MovingNode(mesh, subject.object_id, subject.label, part, at) for part, mesh, at in pieces]
    return nodes + _props(subject, act) + _seat(subject, act)


def _follow(act: Performance, part: str) -> Callable[[float], Matrix]:
    return lambda t: act.at(t)[part]


def _seat(subject: Subject, act: Performance) -> list[MovingNode]:
    """A stool under whoever sits: it stands there from the start."""
    sitting = act.seating
    if sitting is None:
        return []
    h = act.build.height_m
    top = act.build.hip_height - 0.26 * h - 0.045 * h
    wood = (0.28, 0.18, 0.10)
    seat = lathe([(0.1 * h, top - 0.03 * h), (0.105 * h, top - 0.015 * h), (0.1 * h, top)], wood, 16)
    feet = [(0.07 * h * x, 0.07 * h * z) for x in (-1, 1) for z in (-1, 1)]
    legs = [
        capsule(vec(x * 1.2, 0, z * 1.2), vec(x, top - 0.02 * h, z), 0.012 * h, 0.012 * h, times(wood, 0.8), 6)
        for x, z in feet
    ]
    middle = (sitting.start_s + sitting.end_s) / 2
    turn = rot_y(act.track.yaw(middle))
    world = affine(turn, act.track.position(middle) + turn @ vec(0.0, 0.0, 0.2 * h))
    return [MovingNode(finish("stool", seat, *legs), subject.object_id, subject.label, "stool", lambda _: world)]


def _props(subject: Subject, act: Performance) -> list[MovingNode]:
    """What the hands hold: along the hand's axes, or plumb where it hangs or is carried upright."""
    nodes: list[MovingNode] = []
    h = act.build.height_m
    size = max(h / 1.75, 0.8)
    for prop in subject.props:
        held = HELD.get(prop)
        if held is None:
            continue

        def at(t: float, held: Held = held) -> Matrix:
            hand = act.at(t)[f"hand_{held.hand}"]
            grip = hand[:3, 3] + hand[:3, :3] @ vec(0.0, -0.045 * h, 0.0)
            frame = rot_y(act.track.yaw(t)) if held.upright else hand[:3, :3]
            return affine(frame @ held.linear * size, grip)

        nodes += [MovingNode(mesh, subject.object_id, subject.label, prop, at) for mesh in held_prop(prop)]
    return nodes
