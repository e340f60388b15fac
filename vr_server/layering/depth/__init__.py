"""Depth of a flat clip: a port with estimators, the camera's way, and edges that are where the colours say."""

from .around import LevelGround
from .auto import choose
from .camera import LensPrior, estimate_camera
from .clip import KNOWN, EstimatedClip, Found, FoundShot
from .find import find_depth
from .ground import GroundPlane
from .hints import PlannedFigure, ScaleHints
from .lens import lens_prior
from .models import ModelEntry, ModelStore, catalogue
from .network import NetworkDepth
from .parallax import MotionParallax
from .people import PeopleTrack
from .person_masks import NetworkMasks, PersonModel
from .port import CameraTrack, DepthEstimator, DepthTrack, PersonMasks, Pictures, Report, silent

__all__ = [
    "KNOWN",
    "CameraTrack",
    "DepthEstimator",
    "DepthTrack",
    "EstimatedClip",
    "Found",
    "FoundShot",
    "GroundPlane",
    "LensPrior",
    "LevelGround",
    "ModelEntry",
    "ModelStore",
    "MotionParallax",
    "NetworkDepth",
    "NetworkMasks",
    "PeopleTrack",
    "PersonMasks",
    "PersonModel",
    "Pictures",
    "PlannedFigure",
    "Report",
    "ScaleHints",
    "catalogue",
    "choose",
    "estimate_camera",
    "find_depth",
    "lens_prior",
    "silent",
]
