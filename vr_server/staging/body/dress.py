"""Who wears what: wardrobes by lexicon id with seeded colours, and a person's nodes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vr_server.domain.staging import Rgb, Subject
from vr_server.staging.geometry import Array, affine, rot_y, unit, vec
from vr_server.staging.meshes.core import capsule, finish, lathe, mix, times
from vr_server.staging.scene import Matrix, MovingNode

from .cloth import Wind, hair_pieces, sash_pieces, skirt_pieces
from .figure import figure_meshes
from .hands import held_nodes
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
FEMALE = {"woman", "girl", "swordswoman", "dancer", "queen"}
_EITHER = {"person", "crowd", "child", "elder", "traveller", "doctor", "driver", "astronaut"}
_GREY: Rgb = (0.42, 0.41, 0.39)


_DEFAULT = {
    "swordswoman": "hanfu", "astronaut": "spacesuit", "knight": "armour", "soldier": "armour", "samurai": "armour", "traveller": "coat", "dancer": "dress",
    "police": "uniform", "doctor": "lab_coat", "monk": "robe", "pirate": "rags", "king": "robe", "queen": "dress",
}  # fmt: skip
_HATS = {
    "police": "cap",
    "king": "crown",
    "queen": "crown",
    "knight": "closed",
    "soldier": "helmet",
    "samurai": "helmet",
    "pirate": "hat",
}
_FINE = 8
"""Of several of one kind, so many have all their triangles."""
_WORN_ON_HEAD = ("helmet", "hat", "straw_hat", "crown", "mask")


def wardrobe_of(subject: Subject) -> Wardrobe:
    """Deterministic from the subject's seed; the lexicon's wardrobe id decides the cut, its colours the cloth."""
    person = _person(subject)
    worn = subject.wardrobe or _DEFAULT.get(subject.kind, "casual")
    dressed = _CUTS.get(worn, _casual)(person, np.random.default_rng((subject.seed >> 1, 2)))
    _, _, number = subject.key.partition("#")
    dressed = replace(dressed, fine=subject.kind != "crowd" and not (number.isdigit() and int(number) > _FINE))
    hat = next((p for p in subject.props if p in _WORN_ON_HEAD), None)
    own = _HATS.get(subject.kind, "") if subject.wardrobe in {None, _DEFAULT.get(subject.kind)} else ""
    if subject.kind == "pirate" and not own:
        own = "hat"
    return _coloured(replace(dressed, hat=hat or dressed.hat or own), subject.colours)


def _person(subject: Subject) -> Wardrobe:
    """Body, skin and hair: what a change of clothes leaves."""
    rng = np.random.default_rng(subject.seed >> 1)
    pick = [int(rng.integers(60)) for _ in range(5)]
    skin, hair = _SKINS[pick[0] % len(_SKINS)], _HAIRS[pick[1] % len(_HAIRS)]
    kind = subject.kind
    female = kind in FEMALE or (kind in _EITHER and pick[3] % 2 == 0)
    age = "elder" if kind == "elder" else "child" if kind in {"child", "boy", "girl"} else "adult"
    cut = ("long", "bun", "bob")[pick[4] % 3] if female else ("short", "crop", "short")[pick[4] % 3]
    if kind == "monk":
        cut = "none"
    if age == "elder":
        hair, cut = _GREY, "bun" if female else "crop"
    beard = (
        not female
        and age != "child"
        and (kind in {"king", "pirate"} or (age == "elder" and pick[2] % 3 > 0) or pick[2] % 6 == 0)
    )
    return Wardrobe(
        skin,
        hair,
        (0.3, 0.3, 0.3),
        (0.1, 0.1, 0.1),
        (0.05, 0.035, 0.025),
        (0.2, 0.2, 0.2),
        hair=cut,
        female=female,
        age=age,
        beard=beard,
    )


def _pick(rng: np.random.Generator, colours: tuple[Rgb, ...]) -> Rgb:
    return colours[int(rng.integers(len(colours)))]


def _casual(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    top, legs = _pick(rng, _TOPS), _pick(rng, _LEGS)
    return replace(
        w, top=top, legs=legs, accent=times(top, 0.6), collar=("crew", "shirt", "crew")[int(rng.integers(3))]
    )


def _hanfu(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    blouse, skirt, trim = _HANFU[int(rng.integers(len(_HANFU)))]
    skin = w.skin if max(w.skin) > 0.5 else _SKINS[0]
    hair = "long" if w.female else "bun"
    return replace(
        w, skin=skin, hair_colour=_HAIRS[0] if w.age != "elder" else w.hair_colour, top=blouse, legs=skirt, accent=trim, hair=hair, skirt="hanfu",
        collar="crossed", wide_sleeves=True,
    )  # fmt: skip


def _robe(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    cloth = _pick(rng, ((0.42, 0.20, 0.05), (0.30, 0.10, 0.05), (0.26, 0.24, 0.22)))
    return replace(
        w,
        top=cloth,
        legs=times(cloth, 0.92),
        accent=times(cloth, 0.5),
        skirt="hanfu",
        collar="crossed",
        wide_sleeves=True,
    )


def _armour(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    steel = _pick(rng, ((0.40, 0.40, 0.43), (0.36, 0.33, 0.29), (0.44, 0.45, 0.48)))
    return replace(
        w, top=(0.10, 0.085, 0.08), legs=(0.09, 0.08, 0.075), accent=steel, armour=True, boots=True, collar="none"
    )


def _spacesuit(w: Wardrobe, _rng: np.random.Generator) -> Wardrobe:
    white = (0.62, 0.62, 0.60)
    return replace(
        w, top=white, legs=white, shoes=(0.25, 0.25, 0.27), accent=(0.62, 0.20, 0.05), suit=True, collar="none"
    )


def _coat(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    cloth = _pick(rng, ((0.16, 0.12, 0.08), (0.08, 0.09, 0.11), (0.24, 0.18, 0.11)))
    return replace(
        w, top=cloth, legs=_pick(rng, _LEGS), accent=times(cloth, 0.55), skirt="coat", collar="lapels", boots=True
    )


def _suit(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    cloth = _pick(rng, ((0.045, 0.05, 0.065), (0.035, 0.035, 0.04), (0.10, 0.10, 0.11)))
    tie = _pick(rng, ((0.25, 0.03, 0.04), (0.03, 0.06, 0.2), (0.05, 0.05, 0.06)))
    return replace(w, top=cloth, legs=cloth, accent=tie, shoes=(0.015, 0.012, 0.01), collar="lapels", jacket=True)


def _dress(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    cloth = _pick(rng, ((0.45, 0.06, 0.08), (0.10, 0.20, 0.36), (0.50, 0.40, 0.16), (0.12, 0.28, 0.20)))
    return replace(w, top=cloth, legs=cloth, accent=times(cloth, 0.6), skirt="dress")


def _uniform(w: Wardrobe, _rng: np.random.Generator) -> Wardrobe:
    navy = (0.022, 0.034, 0.075)
    return replace(
        w,
        top=navy,
        legs=times(navy, 0.8),
        accent=(0.5, 0.38, 0.12),
        shoes=(0.012, 0.012, 0.014),
        collar="stand",
        badge=True,
        hat="cap",
        boots=True,
    )


def _lab_coat(w: Wardrobe, _rng: np.random.Generator) -> Wardrobe:
    return replace(
        w,
        top=(0.64, 0.65, 0.66),
        legs=(0.06, 0.08, 0.12),
        accent=(0.10, 0.20, 0.34),
        skirt="coat",
        collar="lapels",
        jacket=True,
    )


def _rags(w: Wardrobe, rng: np.random.Generator) -> Wardrobe:
    top = _pick(rng, ((0.20, 0.15, 0.10), (0.16, 0.14, 0.12), (0.24, 0.19, 0.12)))
    return replace(
        w, top=top, legs=(0.10, 0.085, 0.07), accent=times(top, 0.45), shoes=times(w.skin, 0.7), collar="lapels"
    )


_CUTS: dict[str, Callable[[Wardrobe, np.random.Generator], Wardrobe]] = {
    "casual": _casual, "hanfu": _hanfu, "robe": _robe, "armour": _armour, "spacesuit": _spacesuit, "coat": _coat, "suit": _suit, "dress": _dress,
    "uniform": _uniform, "lab_coat": _lab_coat, "rags": _rags,
}  # fmt: skip


def _coloured(w: Wardrobe, colours: tuple[Rgb, ...]) -> Wardrobe:
    """The main colour where the eye looks first: the plates of armour, the skirt of a robe, a coat or a shirt; the second
    on what goes with it."""
    if not colours:
        return w
    main, second = colours[0], colours[1] if len(colours) > 1 else None
    if w.armour:
        return replace(w, accent=main if max(main) > 0.25 else times(main, 1.6), top=second or w.top)
    if w.skirt == "hanfu":
        return replace(
            w,
            legs=main,
            top=second or mix(main, (0.75, 0.74, 0.72), 0.25 if max(main) > 0.1 else 0.0),
            accent=w.accent if second else mix(main, (0.6, 0.5, 0.3), 0.6),
        )
    if w.skirt == "dress" or w.jacket or w.badge or w.suit:
        return replace(w, top=main, legs=second or main, accent=times(main, 0.6) if w.skirt == "dress" else w.accent)
    return replace(w, top=main, legs=second or w.legs, accent=times(main, 0.55))


def person_nodes(subject: Subject, strength: float, toward: Array | None = None) -> list[MovingNode]:
    """Every part of a person: body, cloth, hair, held props. A wind of `strength` 0 (still air) to about 1.6 moves what
    hangs `toward` a direction, float64 [3] (to the frame's right where none is given)."""
    wind = Wind(strength, unit(vec(0.95, 0.0, 0.31) if toward is None else toward))
    worn = wardrobe_of(subject)
    slender = _slender(worn)
    act = performance_of(subject)
    nodes: list[MovingNode] = []
    for part, meshes in figure_meshes(act.build, worn, slender).items():
        nodes += [MovingNode(mesh, subject.object_id, subject.label, part, _follow(act, part)) for mesh in meshes]
    pieces = skirt_pieces(act, worn, wind) if worn.skirt != "none" else []
    if worn.hair == "long" and not worn.suit and worn.hat not in {"helmet", "closed"}:
        pieces += hair_pieces(act, worn, wind)
    if worn.skirt == "hanfu":
        pieces += sash_pieces(act, worn, wind)
    nodes += [MovingNode(mesh, subject.object_id, subject.label, part, at) for part, mesh, at in pieces]
    return nodes + held_nodes(subject, act) + _seat(subject, act)


def performance_of(subject: Subject) -> Performance:
    """A person's joints over time, as their body is drawn."""
    worn = wardrobe_of(subject)
    return Performance(subject, worn.breadth(_slender(worn)))


def _slender(worn: Wardrobe) -> float:
    return 0.9 if worn.female else 0.94 if worn.age == "child" else 1.0


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
