"""Video files and packets: the one place that talks to PyAV."""

from .clip import (
    PANORAMA_FILES,
    ClipFolder,
    ClipWriter,
    read_camera_file,
    read_clip,
    read_ids,
    read_planes,
    read_rgb,
)
from .film import write_film
from .flat import FlatClip, read_flat_clip
from .intake import take_in
from .pictures import VideoPictures

__all__ = [
    "PANORAMA_FILES",
    "ClipFolder",
    "ClipWriter",
    "FlatClip",
    "VideoPictures",
    "read_camera_file",
    "read_clip",
    "read_flat_clip",
    "read_ids",
    "read_planes",
    "read_rgb",
    "take_in",
    "write_film",
]
