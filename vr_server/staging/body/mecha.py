"""A walking machine: the people's gait and actions, in armour plates."""

from collections.abc import Callable
from dataclasses import replace

from vr_server.domain.staging import Subject
from vr_server.staging.geometry import affine, rot_x, vec
from vr_server.staging.meshes.core import mix, times
from vr_server.staging.meshes.mecha import BREADTH, HIP_HALF, LIVERIES, Livery, mecha_parts
from vr_server.staging.meshes.props import held_prop
from vr_server.staging.scene import Matrix, MovingNode

from .performance import Performance

_HELD = {
    "sword": "hand_r",
    "gun": "hand_r",
    "spear": "hand_r",
    "staff": "hand_r",
    "torch": "hand_r",
    "shield": "hand_l",
}


def livery_of(subject: Subject) -> Livery:
    """The subject's colours where it has any, else one of three by its seed."""
    own = LIVERIES[subject.seed % len(LIVERIES)]
    if not subject.colours:
        return own
    main = subject.colours[0]
    second = subject.colours[1] if len(subject.colours) > 1 else mix(times(main, 0.3), (0.05, 0.055, 0.065), 0.5)
    return replace(own, plate=main, second=second)


def mecha_nodes(subject: Subject) -> list[MovingNode]:
    """Every plate as a rigid part on a person's joints; a sword or a shield of its own size in its hands."""
    act = Performance(subject, BREADTH, HIP_HALF)
    h = act.build.height_m

    def follow(part: str) -> Callable[[float], Matrix]:
        return lambda t: act.at(t)[part]

    nodes = [
        MovingNode(mesh, subject.object_id, subject.label, part if i == 0 else f"{part}_glow", follow(part))
        for part, meshes in mecha_parts(livery_of(subject), h).items()
        for i, mesh in enumerate(meshes)
    ]
    for prop in subject.props:
        hand = _HELD.get(prop)
        if hand is not None:
            grip = affine(rot_x(0.15) * (h / 1.75), vec(0.0, -0.05 * h, 0.0))

            def at(t: float, hand: str = hand, grip: Matrix = grip) -> Matrix:
                return act.at(t)[hand] @ grip

            nodes += [MovingNode(mesh, subject.object_id, subject.label, prop, at) for mesh in held_prop(prop)]
    return nodes
