"""The clip that a room plays: one packet log per tier, frame-aligned, possibly still growing."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from fractions import Fraction

from streaming.h264 import RtpFrame, packetise, profile_idc
from streaming.packets import PacketReader

_CACHED_FRAMES = 48  # per tier: two half-second GOPs at 24 fps, so joins and repairs pack nothing twice


class ClipSource:
    """The tiers of one clip, best first. All tiers share frame numbers; the playhead follows the slowest of them.

    A room stream that loads a source owns it, and closes it when another takes its place.
    """

    def __init__(
        self,
        tiers: Mapping[str, PacketReader],
        fps: Fraction,
        frame_count: int,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        """`frame_count`: planned frames. `on_close` is called once the files are read no more. Raise ValueError when there is no tier, no frame or no rate."""
        if not tiers:
            raise ValueError("a clip needs at least one tier")
        if frame_count < 1 or fps <= 0:
            raise ValueError(f"a clip of {frame_count} frames at {fps} fps cannot be played")
        self.fps = fps
        self._tiers = dict(tiers)
        self._planned = frame_count
        self._profiles: dict[str, int] = {}
        self._on_close = on_close
        self._cache: dict[str, OrderedDict[int, RtpFrame]] = {name: OrderedDict() for name in tiers}

    @property
    def tiers(self) -> tuple[str, ...]:
        """Names, best first."""
        return tuple(self._tiers)

    def tiers_for(self, profile: int) -> tuple[str, ...]:
        """Names, best first, of the tiers that a decoder of H.264 `profile` (its idc) takes; the last one if it takes none.

        Ask when a frame is available: before, no tier says how it is coded.
        """
        for name, reader in self._tiers.items():
            if name not in self._profiles:
                self._profiles[name] = profile_idc(reader.read(0).data)
        return tuple(name for name, coded in self._profiles.items() if coded <= profile) or self.tiers[-1:]

    @property
    def available(self) -> int:
        """Frames that every tier holds by now."""
        return min(self._planned, *(reader.available for reader in self._tiers.values()))

    @property
    def complete(self) -> bool:
        """Every tier has its end mark: nothing more will come."""
        return all(reader.complete for reader in self._tiers.values())

    @property
    def frame_count(self) -> int:
        """Planned frames; the real number once the clip is complete, should it have ended early."""
        return max(1, self.available) if self.complete else self._planned

    def refresh(self) -> int:
        """Look for appended frames; return how many are available. Raise PacketLogError on a damaged log."""
        for reader in self._tiers.values():
            if not reader.complete:
                reader.refresh()
        return self.available

    def keyframe_at_or_before(self, frame: int) -> int:
        """The nearest frame not after `frame` that is a keyframe in every tier. Raise IndexError beyond the end."""
        while True:
            earliest = min(reader.keyframe_at_or_before(frame) for reader in self._tiers.values())
            if earliest == frame:
                return frame
            frame = earliest

    def frames_to_keyframe(self, frame: int, limit: int) -> int | None:
        """Frames until the next keyframe of every tier after `frame` (looping), or None beyond `limit`."""
        count, available = self.frame_count, self.available
        for ahead in range(1, limit + 1):
            following = (frame + ahead) % count
            if following >= available:
                return None
            if all(reader.keyframe_at_or_before(following) == following for reader in self._tiers.values()):
                return ahead
        return None

    def rtp_frame(self, tier: str, frame: int) -> RtpFrame:
        """The RTP payloads of a frame, packed once. Raise IndexError when the frame is not there yet."""
        cache = self._cache[tier]
        packed = cache.get(frame)
        if packed is None:
            unit = self._tiers[tier].read(frame)
            packed = RtpFrame(packetise(unit.data), unit.keyframe)
            cache[frame] = packed
            if len(cache) > _CACHED_FRAMES:
                cache.popitem(last=False)
        return packed

    def bitrate_bps(self, tier: str) -> float:
        """Mean coded bits per second of a tier so far; 0 while it is empty."""
        reader = self._tiers[tier]
        if not reader.available:
            return 0.0
        return float(reader.payload_bytes * 8 * self.fps / reader.available)

    def close(self) -> None:
        for reader in self._tiers.values():
            reader.close()
        self._on_close()
