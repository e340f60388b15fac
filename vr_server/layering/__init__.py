"""Layers: a clip with depth becomes a layered clip that a head can move in (atlas, packets, manifest)."""

from .baker import Baker, BakeReport
from .decode import DecodedLayers, decode_frame, read_manifest
from .describe import BakeSettings, TierSettings
from .surround import SURROUND_HEIGHT_PX
from .view import render_view, reproject

__all__ = [
    "SURROUND_HEIGHT_PX",
    "BakeReport",
    "BakeSettings",
    "Baker",
    "DecodedLayers",
    "TierSettings",
    "decode_frame",
    "read_manifest",
    "render_view",
    "reproject",
]
