"""Layers: a clip with depth becomes a layered clip that a head can move in (atlas, packets, manifest)."""

from .baker import Baker, BakeReport
from .describe import BakeSettings, TierSettings

__all__ = ["BakeReport", "BakeSettings", "Baker", "TierSettings"]
