"""Settings: one frozen object, made once at start from the environment and the command line. Nothing is read at import."""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from vr_server.domain.errors import InvalidInput, StorageFailed

ENV_PREFIX = "VR_PREVIS_"
TOKEN_MIN_CHARS = 8
_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")


class Settings(BaseModel):
    """Everything a server may be told. The environment variable of a field is ``VR_PREVIS_`` + its name in capitals.

    `token`: who holds it is director; None means that whoever reaches the server is (loopback only by default).
    `ice_servers`: STUN or TURN addresses told to clients; none by default, so that no public server is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8760, ge=0, le=65535)
    lan: bool = False
    data: Path = Field(default_factory=lambda: platformdirs.user_data_path("vr-previs", appauthor=False))
    token: SecretStr | None = None
    database_url: str | None = None  # None: SQLite in the data folder
    web: Path = Path(__file__).parent / "web"
    ice_servers: tuple[str, ...] = ()
    draft_size: tuple[int, int] = (640, 360)  # width, height in px of the first rendition of a take
    final_size: tuple[int, int] = (1280, 720)
    engine_size: tuple[int, int] = (1920, 1080)  # asked of paid engines, which make the nearest that they offer
    max_rooms: int = Field(default=32, ge=1, le=1024)
    max_participants: int = Field(default=32, ge=1, le=1024)  # per room
    max_viewers: int = Field(default=64, ge=1, le=4096)  # media connections per room
    workers: int = Field(default_factory=lambda: max(1, (os.cpu_count() or 2) - 1), ge=1, le=64)
    hot_limit_gb: float | None = Field(default=None, gt=0)  # of what can be had again; None: no limit
    cold_url: str | None = None  # s3://bucket/prefix or file:///folder: where clips go behind the hot folder
    cold_access_key: SecretStr | None = None
    cold_secret_key: SecretStr | None = None
    cold_endpoint: str | None = None  # of an S3 that is not Amazon's
    cold_region: str | None = None
    c2pa_certificate: Path | None = None  # PEM chain, leaf first, that exported clips are signed with
    c2pa_key: Path | None = None
    production: Path | None = None  # TOML: the production's own lists for the gate and its quality bar
    people_model: str | None = (
        None  # a name (models.toml) or ONNX file that gives masks of people: cut out and checked by it
    )
    content_check: str | None = None  # "nudenet" or its .onnx file: takes are looked through for nudity
    engine_options: Mapping[str, SecretStr] = Field(default_factory=dict)  # wan_http_key and the like
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("draft_size", "final_size", "engine_size", mode="before")
    @classmethod
    def _size(cls, size: object) -> object:
        """``"1280x720"`` as people write it."""
        if not isinstance(size, str):
            return size
        sides = size.lower().split("x")
        if len(sides) != 2 or not all(side.isdecimal() for side in sides):
            raise ValueError(f"{size!r} is not a size such as 1280x720")
        return tuple(int(side) for side in sides)

    @field_validator("token")
    @classmethod
    def _strong(cls, token: SecretStr | None) -> SecretStr | None:
        if token is None:
            return None
        text = token.get_secret_value()
        if len(text) < TOKEN_MIN_CHARS or not _TOKEN.fullmatch(text):
            # the message must not repeat the token: it goes to the terminal and the log
            raise ValueError(f"must be at least {TOKEN_MIN_CHARS} characters of A-Z a-z 0-9 . _ ~ -")
        return token

    @classmethod
    def load(cls, environ: Mapping[str, str], **options: object) -> Self:
        """Environment first, then `options` (from the command line; None means: not given).

        Raise InvalidInput with one line that names the variable or option.
        """
        values: dict[str, object] = {}
        for name in cls.model_fields:
            text = environ.get(ENV_PREFIX + name.upper(), "").strip()
            if text:
                values[name] = tuple(text.split(",")) if name == "ice_servers" else text
        values["engine_options"] = {
            name.removeprefix(ENV_PREFIX).lower(): text
            for name, text in environ.items()
            if name.startswith(ENV_PREFIX) and name.removeprefix(ENV_PREFIX).lower() not in cls.model_fields
        }
        given = {k: v for k, v in options.items() if v is not None}
        values |= given
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "settings"
            source = f"--{field.replace('_', '-')}" if field in given else ENV_PREFIX + field.upper()
            raise InvalidInput(f"{source}: {first['msg'].removeprefix('Value error, ')}.") from None
        return settings.guarded()

    @property
    def _is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def guarded(self) -> Self:
        """A server that can be reached from outside has a token, kept in the data folder so that links survive a restart."""
        if not self.lan and self._is_loopback:
            return self
        updates: dict[str, object] = {}
        if self.lan and self._is_loopback:
            updates["host"] = "0.0.0.0"  # noqa: S104 - the whole point of --lan; guarded by TLS and the token
        if self.token is None:
            updates["token"] = SecretStr(_kept_token(self.data / "token"))
        return self.model_copy(update=updates)

    @property
    def tls(self) -> bool:
        """HTTPS: WebXR needs a secure context on a headset."""
        return self.lan

    def url(self, host: str | None = None) -> str:
        """Where the server is, without a path."""
        name = host or ("127.0.0.1" if self.host in {"0.0.0.0", "::", "localhost"} else self.host)  # noqa: S104
        name = f"[{name}]" if ":" in name else name
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}"

    def room_path(self, room_id: str) -> str:
        """The path that opens a room: with a token it goes by the join page, which keeps it in a cookie."""
        if self.token is None:
            return f"/?room={quote(room_id)}"
        return f"/join?token={quote(self.token.get_secret_value())}&room={quote(room_id)}"


def _kept_token(path: Path) -> str:
    try:
        if path.exists() and _TOKEN.fullmatch(text := path.read_text("ascii").strip()) and len(text) >= TOKEN_MIN_CHARS:
            return text
        text = secrets.token_urlsafe(18)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(text + "\n", "ascii")
    except (OSError, UnicodeError) as error:
        raise StorageFailed(f"The join token cannot be kept in {path}: {error}") from error
    return text
