"""What every engine over HTTP can be told. Each adapter adds its own fields; the keys never show."""

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from .http import Limits
from .port import Price


class EngineSettings(BaseModel):
    """A field `key` of engine `wan-http` is the environment variable ``VR_PREVIS_WAN_HTTP_KEY``, and so on.

    `result_hosts`: hosts inside our own network that the engine may point to (host or host:port).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    base_url: str = ""
    key: SecretStr | None = None
    proxy: SecretStr | None = None
    result_hosts: tuple[str, ...] = ()
    answer_timeout_s: float = Field(default=120.0, gt=0)
    read_timeout_s: float = Field(default=60.0, gt=0)
    download_timeout_s: float = Field(default=1800.0, gt=0)
    max_clip_bytes: int = Field(default=2 << 30, gt=0)
    concurrent_tasks: int = Field(default=2, ge=1, le=1000)
    price_per_s: float | None = Field(default=None, ge=0)
    price_per_clip: float | None = Field(default=None, ge=0)
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, values: object) -> object:
        """Lists are written ``a,b``."""
        if not isinstance(values, dict):
            return values
        split = {}
        for name, value in values.items():
            known = cls.model_fields.get(name)
            is_list = known is not None and str(known.annotation).startswith("tuple[")
            split[name] = tuple(p.strip() for p in value.split(",")) if is_list and isinstance(value, str) else value
        return split

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        if not text:
            return text
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL:
            raise ValueError("is not an address") from None
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query or url.fragment:
            raise ValueError("must be an address such as https://host/path, without a password, query or fragment")
        return text.rstrip("/")

    @field_validator("key")
    @classmethod
    def _printable(cls, key: SecretStr | None) -> SecretStr | None:
        """A key goes into a header: a stray line break would end up in the error that refuses it."""
        if key is None:
            return None
        text = key.get_secret_value().strip()
        if not text:
            return None
        if len(text) < 8 or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("must be at least 8 printable characters without spaces")
        return SecretStr(text)

    @property
    def limits(self) -> Limits:
        return Limits(
            read_s=self.read_timeout_s,
            answer_s=self.answer_timeout_s,
            download_s=self.download_timeout_s,
            media_bytes=self.max_clip_bytes,
        )

    @property
    def price(self) -> Price | None:
        """As configured; no vendor's price list is built in, since they change."""
        if self.price_per_s is None and self.price_per_clip is None:
            return None
        return Price(currency=self.currency, per_s=self.price_per_s or 0.0, per_clip=self.price_per_clip or 0.0)
