"""A take's video, watched for its quality. In a worker: decodes."""

from pathlib import Path

from vr_server.domain.shot import CameraIntent
from vr_server.domain.take import Finding
from vr_server.media import VideoPictures

from .bar import QualityBar
from .quality import check, to_grey


def look_at(video: Path, camera: CameraIntent, bar: QualityBar) -> tuple[Finding, ...]:
    """What misses the bar in a video that was taken in. A camera that was asked for several moves is not judged by one.

    Raise InvalidMedia.
    """
    pictures = VideoPictures(video)
    move = camera.move if len(camera.beats) < 2 and camera.projection == "perspective" else None
    return check((to_grey(picture) for picture in pictures), float(pictures.fps), move=move, bar=bar)
