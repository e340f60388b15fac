"""What kind of picture a clip is, as far as a bake needs to know: a frame to look into, or a sphere to stand in."""

import math
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vr_server.domain.frame import CameraPose, ClipPlan, Frame
from vr_server.domain.manifest import Perspective, Projection

from .layers import Halved, Layers, halved, parted
from .memory import Memory
from .sphere import Window, bounds_of, fisheye_places, fisheye_window, looked_into
from .sphere_layers import SphereMemory, part_sphere
from .sphere_surround import surround_of
from .surround import extended

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

USUAL_SPHERE_PX = 1376
"""Width of an all-round picture whose atlas stays under 2.2 MP, which any headset decodes."""
LARGEST_SPHERE_PX = 2544
"""Width of the largest one that an atlas holds."""
_FRONT_YFOV_RAD = 1.0
_FRONT_PX = (1280, 720)


class Shape(Protocol):
    """`plan`: of the frames as they are baked; `front_px`: width and height of what poster and thumbnails show."""

    @property
    def plan(self) -> ClipPlan: ...
    @property
    def projection(self) -> Projection: ...
    @property
    def front_px(self) -> tuple[int, int]: ...

    def taken(self, frame: Frame) -> Frame:
        """A frame of the source as one of `plan`."""
        ...

    def see(self, frame: Frame) -> Halved:
        """Take a taken frame in; frames come in order, and each teaches what others hide."""
        ...

    def split(self, seen: Halved, head_box_m: float) -> Layers:
        """A frame that was seen as layers."""
        ...

    def cut(self) -> None:
        """A new shot begins with the next frame: nothing that was seen so far is behind it."""
        ...

    def front(self, frame: Frame) -> U8:
        """What a person would call the frame's picture, uint8 [.., .., 3]."""
        ...

    def surround(self, frame: Frame) -> U8:
        """What may stand around the frame, uint8 [h, 2 h, 3]: see `surround`."""
        ...


def shape_of(plan: ClipPlan, sphere_width_px: int = USUAL_SPHERE_PX) -> Shape:
    """The shape of a clip. An all-round one wider than `sphere_width_px` is baked that wide."""
    if plan.projection == "perspective":
        return FlatShape(plan)
    if plan.projection == "fisheye":
        return FisheyeShape(plan)
    return SphereShape(plan, sphere_width_px)


class FlatShape:
    """A perspective picture, baked as it is."""

    def __init__(self, plan: ClipPlan) -> None:
        self.plan = plan
        self.projection = Perspective(yfov=plan.cameras[0].yfov_rad, aspect_ratio=plan.width_px / plan.height_px)
        self.front_px = (plan.width_px, plan.height_px)
        self._memory = Memory()

    def taken(self, frame: Frame) -> Frame:
        return replace(frame, camera=self.plan.cameras[frame.index])

    def see(self, frame: Frame) -> Halved:
        seen = halved(frame)
        self._memory.keep(frame, seen.inverse, seen.rgb)
        return seen

    def split(self, seen: Halved, head_box_m: float) -> Layers:
        return parted(seen, head_box_m=head_box_m, memory=self._memory)

    def cut(self) -> None:
        self._memory = Memory()

    def front(self, frame: Frame) -> U8:
        return frame.color

    def surround(self, frame: Frame) -> U8:
        return extended(frame)


class _Spherical:
    """What both kinds of spheres share: layers, poster and surround of an equirectangular picture."""

    def __init__(self, plan: ClipPlan, window: Window) -> None:
        self.plan = plan
        self.window = window
        self.projection = bounds_of(window)
        self.front_px = _FRONT_PX
        self._memory = SphereMemory(window)

    def see(self, frame: Frame) -> Halved:
        seen = halved(frame)
        self._memory.keep(frame, seen.inverse, seen.rgb)
        return seen

    def split(self, seen: Halved, head_box_m: float) -> Layers:
        return part_sphere(seen, self.window, head_box_m=head_box_m, memory=self._memory)

    def cut(self) -> None:
        self._memory = SphereMemory(self.window)

    def front(self, frame: Frame) -> U8:
        return looked_into(frame.color, self.window, _FRONT_YFOV_RAD, self.front_px)

    def surround(self, frame: Frame) -> U8:
        return surround_of(frame, self.window)


class SphereShape(_Spherical):
    """The whole sphere, equirectangular already; made smaller where an atlas would grow beyond what headsets decode."""

    def __init__(self, plan: ClipPlan, width_px: int) -> None:
        scale = min(1.0, width_px / plan.width_px)
        size = (_even(plan.width_px * scale), _even(plan.height_px * scale))
        super().__init__(replace(plan, width_px=size[0], height_px=size[1]), Window())
        self._source = (plan.width_px, plan.height_px)

    def taken(self, frame: Frame) -> Frame:
        size = (self.plan.width_px, self.plan.height_px)
        frame = replace(frame, camera=self.plan.cameras[frame.index])
        if size == self._source:
            return frame
        color = np.asarray(cv2.resize(frame.color, size, interpolation=cv2.INTER_AREA), np.uint8)
        # depth is never averaged: what lies between two surfaces is on neither
        depth = np.asarray(cv2.resize(frame.depth, size, interpolation=cv2.INTER_NEAREST_EXACT), np.float32)
        ids = None if frame.ids is None else cv2.resize(frame.ids, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return replace(frame, color=color, depth=depth, ids=None if ids is None else np.asarray(ids, np.uint16))


class FisheyeShape(_Spherical):
    """A fisheye's picture laid on the part of the sphere that it shows.

    That is what a viewer wants of it: in a headset everything then stands at the angle at which the lens saw it, lines are
    straight and faces round wherever one turns, while the bent picture on a screen is bent for good. It also needs no
    second shader: players know the same layout as VR180.
    """

    def __init__(self, plan: ClipPlan) -> None:
        window = fisheye_window(plan)
        widest = max(camera.yfov_rad for camera in plan.cameras)
        px_rad = plan.height_px / widest
        size = (_even(window.width_rad * px_rad), _even(window.height_rad * px_rad))
        cameras = tuple(CameraPose(c.t_world_camera, window.height_rad) for c in plan.cameras)
        laid = replace(plan, width_px=size[0], height_px=size[1], cameras=cameras, projection="equirectangular")
        super().__init__(laid, window)
        self._yfov_rad = tuple(camera.yfov_rad for camera in plan.cameras)
        self._source = (plan.width_px, plan.height_px)
        self._places: tuple[float, F32, F32] | None = None

    def taken(self, frame: Frame) -> Frame:
        x, y = self._placed(self._yfov_rad[frame.index])
        color = np.asarray(cv2.remap(frame.color, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        depth = np.asarray(cv2.remap(frame.depth, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE), np.float32)
        ids = None if frame.ids is None else cv2.remap(frame.ids, x, y, cv2.INTER_NEAREST)
        camera = self.plan.cameras[frame.index]
        return replace(
            frame, color=color, depth=depth, ids=None if ids is None else np.asarray(ids, np.uint16), camera=camera
        )

    def _placed(self, yfov_rad: float) -> tuple[F32, F32]:
        """`fisheye_places`, kept while the lens stays as it is."""
        if self._places is None or not math.isclose(self._places[0], yfov_rad):
            size = (self.plan.width_px, self.plan.height_px)
            self._places = (yfov_rad, *fisheye_places(self.window, size, self._source, yfov_rad))
        return self._places[1], self._places[2]


def _even(value: float) -> int:
    return max(16, round(value / 2) * 2)
