"""A flat clip's camera from its pictures: does it stand, turn or travel, and with what lens.

Tracks of corners, a two-view start (five-point essential matrix with RANSAC), resection of the other key frames, and a
bundle adjustment over poses, points and one focal length that leans on a lens prior (Triggs et al., "Bundle adjustment: a
modern synthesis", 2000). The way has no scale: the first key baseline is 1 unless something ties it to metres.
"""

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

from vr_server.domain.frame import CameraPose

from .bundle import Bundle, adjust
from .features import Tracks, track
from .port import F64, TRUSTED, CameraTrack, Pictures, Report, silent
from .two_view import intrinsics, relative_motion, to_webxr

YFOV_RAD = 0.65
"""A lens of about 35 mm on a full frame: where nothing is known of it."""
_STILL_PX = 0.4
_KEYS = 8
_POINTS = 260
_TURN_PX = 1.2
_TURNS, _MAY_TURN = 0.9, 0.6
"""Share of points that one homography explains: a camera that turns; one that may, where nothing else explains them."""
_LEAST_TRACKS = 40


@dataclass(frozen=True, slots=True)
class LensPrior:
    """What the shot's camera language says of the lens: vertical field of view, and how sure (sigma of its logarithm)."""

    yfov_rad: float = YFOV_RAD
    sigma: float = 0.25


def estimate_camera(clip: Pictures, prior: LensPrior | None = None, report: Report = silent) -> CameraTrack:
    """Poses (first frame = identity) and field of view of a clip, with a confidence. Never raises for a hard clip: what
    cannot be told is a still camera, and `reason` says so."""
    prior = prior or LensPrior()
    report("following points", 0.0)
    tracks = track(clip, clip.width_px, clip.height_px)
    count = len(tracks.xy)
    still = (CameraPose(np.eye(4), prior.yfov_rad),) * count
    if count < 2 or _followed(tracks) < _LEAST_TRACKS:
        return CameraTrack(still, False, False, 0.0, "too few points can be followed: static camera assumed")
    keys = _key_frames(tracks)
    if keys is None:
        return CameraTrack(still, False, False, 0.9, "the picture's points stand still: the camera does not move")
    k = intrinsics(tracks.width_px, tracks.height_px, prior.yfov_rad)
    turned = _turn_share(tracks, keys)
    if turned > _TURNS:
        return _turning(tracks, k, prior.yfov_rad, 0.7)
    report("solving the camera", 0.5)
    solved = _solve(tracks, keys, k, prior)
    if (solved is None or solved.confidence < TRUSTED) and turned > _MAY_TURN:
        return _turning(tracks, k, prior.yfov_rad, TRUSTED)
    if solved is None:
        return CameraTrack(still, False, False, 0.2, "no camera explains the points' ways: static camera assumed")
    return solved


def _followed(tracks: Tracks) -> int:
    """The fewest points that any two neighbouring frames share."""
    seen = np.isfinite(tracks.xy[:, :, 0])
    return int((seen[1:] & seen[:-1]).sum(axis=1).min())


def _spread(tracks: Tracks, first: int, second: int) -> float:
    a, b, _ = tracks.both(first, second)
    return float(np.median(np.linalg.norm(b - a, axis=1))) if len(a) >= _LEAST_TRACKS else 0.0


def _key_frames(tracks: Tracks) -> list[int] | None:
    """Up to `_KEYS` frames, each apart from the last by a fair share of the whole way; None: nothing moves."""
    count = len(tracks.xy)
    steps = np.array([_spread(tracks, i, i + 1) for i in range(count - 1)])
    far = max((_spread(tracks, 0, i) for i in range(1, count, max(1, count // 24))), default=0.0)
    if max(far, _spread(tracks, 0, count - 1)) < _STILL_PX:
        return None
    way = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = min(_KEYS, count, max(2, int(way[-1] / 2.0) + 1))
    marks = np.linspace(0.0, way[-1], wanted)
    keys = sorted({int(np.searchsorted(way, m, side="left")) for m in marks} | {0, count - 1})
    return [min(key, count - 1) for key in keys]


def _turn_share(tracks: Tracks, keys: list[int]) -> float:
    """The least share of points that one homography explains, over pairs of key frames near and far: about 1 for a camera
    that only turns or zooms, since it shows no parallax."""
    pairs = [*itertools.pairwise(keys), (keys[0], keys[len(keys) // 2] if len(keys) > 2 else keys[-1])]
    shares = []
    for first, second in pairs:
        a, b, _ = tracks.both(first, second)
        if len(a) < _LEAST_TRACKS:
            continue
        h, _ = cv2.findHomography(a, b, cv2.USAC_MAGSAC, _TURN_PX)
        there = cv2.perspectiveTransform(a[None], h)[0] if h is not None else a + np.inf
        shares.append(float((np.linalg.norm(there - b, axis=1) < _TURN_PX).mean()))
    return min(shares, default=0.0)


def _turning(tracks: Tracks, k: F64, yfov_rad: float, confidence: float) -> CameraTrack:
    """Rotations from frame to frame, from homographies K R K^-1."""
    rotation = np.eye(3)
    cameras = [CameraPose(np.eye(4), yfov_rad)]
    for n in range(1, len(tracks.xy)):
        a, b, _ = tracks.both(n - 1, n)
        h = cv2.findHomography(a, b, cv2.USAC_MAGSAC, _TURN_PX)[0] if len(a) >= 12 else None
        if h is not None:
            u, _, vt = np.linalg.svd(np.linalg.inv(k) @ h @ k)
            step = u @ vt
            rotation = (step if np.linalg.det(step) > 0 else -step) @ rotation
        cameras.append(CameraPose(to_webxr(rotation, np.zeros(3)), yfov_rad))
    return CameraTrack(tuple(cameras), False, False, confidence, "the camera turns on the spot: there is no parallax")


def _solve(tracks: Tracks, keys: list[int], k: F64, prior: LensPrior) -> CameraTrack | None:
    start = _start(tracks, keys, k)
    if start is None:
        return None
    poses, points = start
    _resect(tracks, keys, k, poses, points)
    used = [n for n in keys if n in poses]
    often = np.isfinite(tracks.xy[used, :, 0]).sum(axis=0)
    numbers = sorted(sorted(points, key=lambda p: (-int(often[p]), p))[:_POINTS])
    seen = [
        (i, j, tracks.xy[n, p])
        for i, n in enumerate(used)
        for j, p in enumerate(numbers)
        if np.isfinite(tracks.xy[n, p, 0])
    ]
    bundle = adjust(
        Bundle(
            np.array([poses[n][0] for n in used]),
            np.array([poses[n][1] for n in used]),
            np.array([points[p] for p in numbers]),
            np.array([s[0] for s in seen]),
            np.array([s[1] for s in seen]),
            np.array([s[2] for s in seen], np.float64),
            k,
        ),
        prior.sigma,
    )
    k = bundle.k
    yfov = float(2 * np.arctan(tracks.height_px / 2 / k[1, 1]))
    for i, n in enumerate(used):
        poses[n] = (bundle.rotations[i], bundle.translations[i])
    points = {p: bundle.points[j] for j, p in enumerate(numbers)}
    found = _all_frames(tracks, k, poses, points)
    first = np.linalg.inv(to_webxr(*found[0]))
    cameras = tuple(CameraPose(first @ to_webxr(*pose), yfov) for pose in found)
    confidence = float(np.clip(bundle.inlier_share * min(1.0, 1.2 / max(bundle.rms_px, 0.1)), 0.0, 1.0))
    reason = (
        f"the camera travels: {len(points)} points in {len(used)} key frames agree to {bundle.rms_px:.2f} px, "
        f"{100 * bundle.inlier_share:.0f} % of them; field of view {np.degrees(yfov):.0f} degrees"
    )
    return CameraTrack(cameras, True, False, confidence, reason)


Poses = dict[int, tuple[F64, F64]]


def _start(tracks: Tracks, keys: list[int], k: F64) -> tuple[Poses, dict[int, F64]] | None:
    """Two key frames with a good baseline, and the points that both see."""
    for second in [*keys[1:][::-1]]:
        a, b, which = tracks.both(keys[0], second)
        motion = relative_motion(a, b, k)
        if motion is None or motion.inliers.mean() < 0.4:
            continue
        first_pose = np.hstack([np.eye(3), np.zeros((3, 1))])
        second_pose = np.hstack([motion.rotation, motion.translation[:, None]])
        flat = cv2.triangulatePoints(k @ first_pose, k @ second_pose, a[motion.inliers].T, b[motion.inliers].T)
        spots = (flat[:3] / flat[3]).T
        ahead = (spots[:, 2] > 0) & (spots[:, 2] < 1e3)
        if ahead.sum() < 20:
            continue
        points = {int(n): p for n, p, ok in zip(which[motion.inliers], spots, ahead, strict=True) if ok}
        return {keys[0]: (np.eye(3), np.zeros(3)), second: (motion.rotation, motion.translation)}, points
    return None


def _pnp(
    tracks: Tracks, n: int, k: F64, points: dict[int, F64], near: tuple[F64, F64] | None
) -> tuple[F64, F64] | None:
    known = [p for p in points if np.isfinite(tracks.xy[n, p, 0])]
    if len(known) < 8:
        return None
    world, seen = np.array([points[p] for p in known]), tracks.xy[n, known].astype(np.float64)
    guess = near is not None
    start = near or (np.eye(3), np.zeros(3))
    rvec, tvec = np.asarray(cv2.Rodrigues(start[0])[0], np.float64), start[1].reshape(3, 1).copy()
    ok, turn, way, _ = cv2.solvePnPRansac(world, seen, k, None, rvec, tvec, guess, 100, 2.0, 0.999)
    if not ok:
        return None
    return np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(way, np.float64).reshape(3)


def _resect(tracks: Tracks, keys: list[int], k: F64, poses: Poses, points: dict[int, F64]) -> None:
    """Add the other key frames by resection, and the points that they see together with one already solved."""
    for n in keys:
        if n in poses:
            continue
        near = poses[min(poses, key=lambda m: abs(m - n))]
        pose = _pnp(tracks, n, k, points, near)
        if pose is None:
            continue
        for m in sorted(poses, key=lambda m: -abs(m - n))[:3]:
            _add_points(tracks, m, n, k, poses[m], pose, points)
        poses[n] = pose


def _add_points(
    tracks: Tracks, m: int, n: int, k: F64, one: tuple[F64, F64], other: tuple[F64, F64], points: dict[int, F64]
) -> None:
    a, b, which = tracks.both(m, n)
    fresh = np.array([p not in points for p in which], bool)
    if not fresh.any():
        return
    p1, p2 = (k @ np.hstack([r, t[:, None]]) for r, t in (one, other))
    flat = cv2.triangulatePoints(p1, p2, a[fresh].T, b[fresh].T)
    spots = (flat[:3] / np.where(np.abs(flat[3]) < 1e-12, 1e-12, flat[3])).T
    for number, spot in zip(which[fresh], spots, strict=True):
        z1, z2 = (float((r @ spot + t)[2]) for r, t in (one, other))
        if 0 < z1 < 1e3 and 0 < z2 < 1e3:
            points[int(number)] = spot


def _all_frames(tracks: Tracks, k: F64, poses: Poses, points: dict[int, F64]) -> list[tuple[F64, F64]]:
    found: list[tuple[F64, F64]] = []
    last = poses[min(poses)]
    for n in range(len(tracks.xy)):
        pose = poses.get(n) or _pnp(tracks, n, k, points, last) or last
        found.append(pose)
        last = pose
    return found
