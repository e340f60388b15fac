"""Rendition folders that are not what they say."""

from pathlib import Path

import pytest

from vr_server.domain.errors import InvalidMedia, StorageFailed
from vr_server.rooms.renditions import Located, open_rendition


def test_a_damaged_manifest_is_told_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "final"
    folder.mkdir()
    with pytest.raises(StorageFailed, match="cannot be read"):
        open_rendition(Located(folder, complete=True))
    for data, told in (
        (b"{}", "final/manifest.json is not a manifest: shotId: "),
        (b'{"shotId', "is not a manifest: "),
    ):
        (folder / "manifest.json").write_bytes(data)
        with pytest.raises(InvalidMedia, match=told) as caught:
            open_rendition(Located(folder, complete=True))
        assert "\n" not in str(caught.value)
