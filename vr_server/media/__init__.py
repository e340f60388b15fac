"""Video files and packets: the one place that talks to PyAV."""

from .clip import (
    PANORAMA_FILES,
    SHOT_FILES,
    ClipFolder,
    ClipWriter,
    probe,
    read_camera_file,
    read_clip,
    read_ids,
    read_planes,
    read_rgb,
)
from .film import write_film
from .flat import USUAL_YFOV_RAD, FlatClip, read_flat_clip
from .intake import take_in
from .pictures import VideoPictures
from .spherical import told_projection

__all__ = [
    "PANORAMA_FILES",
    "SHOT_FILES",
    "USUAL_YFOV_RAD",
    "ClipFolder",
    "ClipWriter",
    "FlatClip",
    "VideoPictures",
    "probe",
    "read_camera_file",
    "read_clip",
    "read_flat_clip",
    "read_ids",
    "read_planes",
    "read_rgb",
    "take_in",
    "told_projection",
    "write_film",
]
