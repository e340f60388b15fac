"""The packet log: what is written comes back, whatever state the file is in."""

from pathlib import Path

import pytest

from streaming import AccessUnit, PacketLogError, PacketReader, PacketWriter


def unit(frame: int, *, key: bool = False, size: int = 40) -> AccessUnit:
    return AccessUnit(frame, key, bytes([frame % 256]) * size)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clip.vrpk"


def write(path: Path, frames: int, *, finish: bool = True) -> None:
    with PacketWriter(path) as writer:
        for frame in range(frames):
            writer.append(unit(frame, key=frame % 4 == 0))
        if finish:
            writer.finish()


@pytest.fixture
def opened():
    readers = []

    def open_(path: Path) -> PacketReader:
        readers.append(PacketReader(path))
        return readers[-1]

    yield open_
    for reader in readers:
        reader.close()


def test_gives_back_what_was_written(path, opened):
    write(path, 10)
    reader = opened(path)
    assert reader.complete
    assert [reader.read(frame) for frame in range(10)] == [unit(frame, key=frame % 4 == 0) for frame in range(10)]
    assert reader.payload_bytes == 400


def test_finds_the_keyframe_before_a_frame(path, opened):
    write(path, 10)
    reader = opened(path)
    assert [reader.keyframe_at_or_before(frame) for frame in range(10)] == [0, 0, 0, 0, 4, 4, 4, 4, 8, 8]


@pytest.mark.parametrize("frame", [-1, 10])
def test_refuses_frames_that_are_not_there(path, opened, frame):
    write(path, 10)
    reader = opened(path)
    with pytest.raises(IndexError):
        reader.read(frame)
    with pytest.raises(IndexError):
        reader.keyframe_at_or_before(frame)


def test_follows_a_growing_file(path, opened):
    with PacketWriter(path) as writer:
        writer.flush()
        reader = opened(path)
        assert reader.available == 0
        for frame in range(5):
            writer.append(unit(frame, key=frame == 0))
        writer.flush()
        assert reader.available == 0
        assert reader.refresh() == 5
        assert not reader.complete
        writer.finish()
    reader.refresh()
    assert reader.complete


def test_a_file_cut_anywhere_holds_the_whole_records_before_the_cut(path, opened):
    write(path, 6)
    data = path.read_bytes()
    record = 12 + 40
    for cut in range(8, len(data)):
        path.write_bytes(data[:cut])
        reader = opened(path)
        assert reader.available == min(6, (cut - 8) // record)
        assert not reader.complete


def test_a_torn_tail_is_read_once_it_is_whole(path, opened):
    write(path, 2)
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    reader = opened(path)
    assert reader.available == 1
    path.write_bytes(data)
    assert reader.refresh() == 2
    assert reader.complete


def test_refuses_another_kind_of_file(path):
    path.write_bytes(b"\x00\x00\x00\x18ftypmp42")
    with pytest.raises(PacketLogError, match="not a packet log"):
        PacketReader(path)


@pytest.mark.parametrize("offset", [0, 4], ids=["length", "frame number"])
def test_names_the_place_of_damage(path, offset):
    write(path, 6)
    data = bytearray(path.read_bytes())
    start = 8 + 2 * (12 + 40) + offset
    data[start : start + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    with pytest.raises(PacketLogError, match=f"damaged at byte {8 + 2 * 52}"):
        PacketReader(path)


@pytest.mark.parametrize("frames", [[1], [0, 0], [0, 2]], ids=["not the first", "twice", "a gap"])
def test_refuses_frames_out_of_order(path, frames):
    with PacketWriter(path) as writer:
        for frame in frames[:-1]:
            writer.append(unit(frame, key=True))
        with pytest.raises(PacketLogError, match="expected frame"):
            writer.append(unit(frames[-1], key=True))


def test_a_clip_begins_with_a_keyframe(path):
    with PacketWriter(path) as writer, pytest.raises(PacketLogError, match="keyframe"):
        writer.append(unit(0))
