"""Layers: a clip with depth becomes a layered clip that a head can move in (atlas, packets, manifest)."""

from .baker import Baker, BakeReport
from .decode import DecodedLayers, decode_frame, read_manifest
from .describe import BakeSettings, TierSettings
from .shapes import LARGEST_SPHERE_PX, USUAL_SPHERE_PX
from .surround import SURROUND_HEIGHT_PX
from .view import SPHERE_LENS, Lens, render_view, reproject

__all__ = [
    "LARGEST_SPHERE_PX",
    "SPHERE_LENS",
    "SURROUND_HEIGHT_PX",
    "USUAL_SPHERE_PX",
    "BakeReport",
    "BakeSettings",
    "Baker",
    "DecodedLayers",
    "Lens",
    "TierSettings",
    "decode_frame",
    "read_manifest",
    "render_view",
    "reproject",
]
