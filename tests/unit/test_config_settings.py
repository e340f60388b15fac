"""Settings from the environment and the command line."""

import stat
from pathlib import Path

import pytest

from vr_server.config import Settings
from vr_server.domain.errors import InvalidInput, StorageFailed


def test_options_win_over_the_environment(tmp_path: Path) -> None:
    environ = {"VR_PREVIS_PORT": "9000", "VR_PREVIS_MAX_ROOMS": "3", "VR_PREVIS_DATA": str(tmp_path)}
    settings = Settings.load(environ, port=9100, host=None)
    assert (settings.port, settings.max_rooms, settings.data, settings.host) == (9100, 3, tmp_path, "127.0.0.1")
    assert settings.url() == "http://127.0.0.1:9100"
    assert settings.room_path("default") == "/?room=default"


def test_the_environment_alone_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VR_PREVIS_PORT", "9000")
    assert Settings.load({}).port == 8760


@pytest.mark.parametrize(
    ("environ", "options", "named"),
    [
        ({"VR_PREVIS_PORT": "many"}, {}, "VR_PREVIS_PORT"),
        ({}, {"port": 70000}, "--port"),
        ({}, {"token": "short"}, "--token"),
        ({"VR_PREVIS_LOG_LEVEL": "LOUD"}, {}, "VR_PREVIS_LOG_LEVEL"),
    ],
)
def test_a_bad_value_is_named_in_one_line(environ: dict[str, str], options: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.load(environ, **options)
    assert str(caught.value).startswith(f"{named}: ")
    assert "short" not in str(caught.value)


def test_the_lan_gets_https_and_a_token_that_survives_a_restart(tmp_path: Path) -> None:
    first = Settings.load({}, data=tmp_path, lan=True)
    again = Settings.load({}, data=tmp_path, lan=True)
    assert first.host == "0.0.0.0"
    assert first.tls
    assert first.token is not None
    assert first.token == again.token
    assert len(first.token.get_secret_value()) >= 20
    assert first.token.get_secret_value() not in repr(first)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert first.room_path("default") == f"/join?token={first.token.get_secret_value()}&room=default"


def test_a_public_address_without_lan_is_guarded_too(tmp_path: Path) -> None:
    assert Settings.load({}, data=tmp_path, host="0.0.0.0").token is not None
    assert Settings.load({}, data=tmp_path, host="::1").token is None


def test_a_data_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="join token"):
        Settings.load({}, data=tmp_path / "file", lan=True)


def test_the_keys_of_the_cold_store_are_shown_to_nobody() -> None:
    environment = {
        "VR_PREVIS_COLD_URL": "s3://clips/film",
        "VR_PREVIS_COLD_ACCESS_KEY": "AKIA-of-nobody",
        "VR_PREVIS_COLD_SECRET_KEY": "hush-hush-hush",
        "VR_PREVIS_HOT_LIMIT_GB": "1.5",
    }
    settings = Settings.load(environment)
    assert settings.cold_secret_key is not None
    assert settings.cold_secret_key.get_secret_value() == "hush-hush-hush"
    assert settings.hot_limit_gb == 1.5
    assert "hush" not in f"{settings} {settings!r} {settings.model_dump_json()}"
    assert "AKIA" not in f"{settings} {settings!r} {settings.model_dump_json()}"
    with pytest.raises(InvalidInput, match="VR_PREVIS_HOT_LIMIT_GB"):
        Settings.load(environment | {"VR_PREVIS_HOT_LIMIT_GB": "0"})
