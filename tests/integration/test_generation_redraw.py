"""A take drawn anew in a region, on the real way from staging to streamed folder; the rest stays, measured."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vr_server.domain.region import NotedRegion, PolygonShape, RectShape, Region
from vr_server.domain.revision import apply_changes
from vr_server.domain.shot import ShotSpec
from vr_server.domain.staging import Staging
from vr_server.domain.take import KEPT_SHARE
from vr_server.generation.engines.blockout import BlockoutEngine
from vr_server.generation.flat import bake_video
from vr_server.generation.laid_in import lay_in
from vr_server.generation.masks import RedrawOf
from vr_server.generation.pipeline import make_rendition
from vr_server.generation.port import ClipRequest
from vr_server.generation.progress import Made
from vr_server.generation.redraw import kept_share
from vr_server.language import interpret, parse_spec
from vr_server.media import ClipFolder, VideoPictures, read_clip, read_planes
from vr_server.media.codec import H264Encoder, H264Settings, write_mp4
from vr_server.media.colour import rgb_to_i420

WIDTH, HEIGHT, FRAMES = 256, 144, 13
NOTE_FRAME = 8
SPEC = parse_spec(
    "A woman in a grey coat walks through a street in the afternoon, the camera tracks back, medium full shot"
).model_copy(update={"duration_s": FRAMES / 24})
HER = RectShape(left=0.3, top=0.0, right=0.7, bottom=1.0)


def make(folder: Path, spec: ShotSpec, redraw: RedrawOf | None = None) -> Made:
    request = ClipRequest(spec, spec.text, 3, WIDTH, HEIGHT, 24, "final")
    return make_rendition(
        BlockoutEngine(), request, folder, shot_id="shot-1", take_id=f"take-{folder.name}", redraw=redraw,
        report=lambda _: None, cancelled=lambda: False,
    )  # fmt: skip


@dataclass(frozen=True)
class Pair:
    parent: Path
    child: Path
    made: Made

    def clips(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Colour of parent and child, and where the child is new."""
        masks = read_planes(self.child / "clip" / "mask.mkv")
        for old, new, mask in zip(clip(self.parent), clip(self.child), masks, strict=True):
            yield old.color, new.color, mask > 0


def clip(folder: Path) -> ClipFolder:
    return read_clip(folder / "clip")


def redraw_of(parent: Path, region: Region, frame: int = NOTE_FRAME) -> RedrawOf:
    return RedrawOf(parent, NotedRegion(note_id="note-1", frame=frame, region=region), (WIDTH, HEIGHT))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("redraw")
    make(folder / "parent", SPEC)
    red = apply_changes(SPEC, interpret("make her coat red", SPEC).changes)
    made = make(folder / "child", red, redraw_of(folder / "parent", Region(shape=HER)))
    return Pair(folder / "parent", folder / "child", made)


def test_outside_the_region_the_pixels_stay(pair: Pair) -> None:
    outside = close = 0
    for old, new, mask in pair.clips():
        assert 0.02 < mask.mean() < 0.6
        off = np.abs(old.astype(int) - new.astype(int)).max(axis=2)
        outside += int((~mask).sum())
        close += int(((off <= 2) & ~mask).sum())
    print(f"outside the mask {close / outside:.2%} of the pixels are within 2 codes")
    assert close / outside >= 0.99
    kept = pair.made.kept
    assert kept is not None
    assert kept.kept == pytest.approx(close / outside, abs=1e-4)
    assert kept.given < kept.kept, "coded anew they would not have stayed"
    assert pair.made.findings == ()


def test_inside_it_the_coat_is_red_through_the_whole_clip(pair: Pair) -> None:
    for old, new, mask in pair.clips():
        redder = (new[..., 0].astype(int) - new[..., 1]) - (old[..., 0].astype(int) - old[..., 1])
        her = mask & (redder > 40)
        assert her.sum() > 0.25 * mask.sum(), "she is followed from the first frame to the last"
        assert (redder[~mask] < 40).all(), "nothing of her stays grey or red outside"


def test_the_layers_and_their_ids_and_depth_go_with_the_picture_that_is_shown(pair: Pair) -> None:
    staging = Staging.model_validate_json((pair.child / "staging.json").read_text())
    parent = Staging.model_validate_json((pair.parent / "staging.json").read_text())
    assert staging.camera == parent.camera
    masks = read_planes(pair.child / "clip" / "mask.mkv")
    for old, new, mask in zip(clip(pair.parent), clip(pair.child), masks, strict=True):
        assert old.ids is not None
        assert new.ids is not None
        outside = mask == 0
        assert (old.ids == new.ids)[outside].all()
        near = np.isfinite(old.depth) & outside
        assert np.allclose(1 / old.depth[near], 1 / new.depth[near], atol=1e-4)
    assert (pair.child / "manifest.json").is_file()
    assert (pair.child / "surround.jpg").is_file()


def test_a_region_that_does_not_follow_stays_where_it_was_drawn(pair: Pair, tmp_path: Path) -> None:
    corner = PolygonShape(points=((0.0, 0.0), (0.25, 0.0), (0.0, 0.4)))
    night = apply_changes(SPEC, interpret("make it night", SPEC).changes)
    told = redraw_of(pair.parent, Region(shape=corner, tracking=False, expand_ratio=0))
    made = make(tmp_path / "night", night, told)
    assert made.kept is not None
    assert made.kept.kept >= KEPT_SHARE
    masks = list(read_planes(tmp_path / "night" / "clip" / "mask.mkv"))
    assert all((mask == masks[0]).all() for mask in masks)
    assert (masks[0] > 0).mean() == pytest.approx(0.05, abs=0.003)
    dark = [frame.color[:20, :20].mean() for frame in clip(tmp_path / "night")]
    light = [frame.color[:20, :20].mean() for frame in clip(pair.parent)]
    assert all(there < before - 15 for there, before in zip(dark, light, strict=True))


def test_an_engines_redraw_is_baked_as_it_is_laid_in(pair: Pair, tmp_path: Path) -> None:
    an_engines_video(pair.parent, tmp_path / "engine.mp4", 24)
    made = bake_video(
        tmp_path / "engine.mp4", tmp_path / "take", spec=SPEC, seed=3, shot_id="shot-1", take_id="take-3",
        estimators="remote_fixtures:flat_depth", report=lambda _: None, cancelled=lambda: False,
        redraw=redraw_of(pair.parent, Region(shape=HER)),
    )  # fmt: skip
    assert made.kept is not None
    assert made.kept.given < 0.1 < KEPT_SHARE <= made.kept.kept
    assert (made.frame_count, made.findings) == (FRAMES, ())
    files = {path.name for path in (tmp_path / "take" / "clip").iterdir()}
    assert files == {"clip.mp4", "mask.mkv"}, "the engine's own video is not kept twice"


def an_engines_video(parent: Path, path: Path, fps: int) -> VideoPictures:
    """What engines send: another rate, everything a little off, and she in green."""
    pictures = [frame.color for frame in clip(parent)]
    count = round(len(pictures) * fps / 24)
    encoder = H264Encoder(H264Settings(WIDTH, HEIGHT, Fraction(fps), 12, crf=20, profile="high"))
    packets = []
    for index in range(count):
        picture = pictures[min(round(index * 24 / fps), len(pictures) - 1)].astype(np.int16) + 9
        picture[30:, 90:170] = (20, 200, 30)
        packets += encoder.encode(rgb_to_i420(np.clip(picture, 0, 255).astype(np.uint8)))
    packets += encoder.flush()
    write_mp4(path, iter(packets), width_px=WIDTH, height_px=HEIGHT, fps=Fraction(fps))
    return VideoPictures(path)


@pytest.mark.parametrize("known", [True, False])
def test_an_engine_that_shifts_everything_is_put_back_outside_the_region(
    pair: Pair, tmp_path: Path, known: bool
) -> None:
    video = an_engines_video(pair.parent, tmp_path / "engine.mp4", 30)
    told = redraw_of(pair.parent, Region(shape=HER))
    if not known:  # the parent is an engine's own flat clip
        flat = tmp_path / "flat" / "clip"
        flat.mkdir(parents=True)
        (flat / "clip.mp4").write_bytes((pair.parent / "clip" / "clip.mp4").read_bytes())
        told = replace(told, parent=tmp_path / "flat")
    into = tmp_path / "into"
    into.mkdir()
    laid, given = lay_in(video, told, into, lambda: None)
    kept = kept_share(into / "clip.mp4", pair.parent / "clip" / "clip.mp4", into / "mask.mkv")
    print(f"outside the mask {given:.2%} of the pixels stayed as the engine gave them, {kept:.2%} as they are")
    assert given < 0.1
    assert kept >= 0.99
    assert (laid.frame_count, laid.fps) == (FRAMES, 24)
    assert all(picture[70, 128, 1] > picture[70, 128, 0] + 80 for picture in laid), "what was drawn is there"
