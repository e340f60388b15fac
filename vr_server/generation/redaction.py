"""What must not be repeated: keys, and the signatures in addresses."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from pydantic import SecretStr

MASK = "•••"
_QUERY = re.compile(r"(https?://[^\s?#\"'<>]+)[?#][^\s\"'<>]*")
_USERINFO = re.compile(r"(https?://)[^\s/@\"'<>]+@")
_BEARER = re.compile(r"(?i)\b(bearer|api[-_]?key)(\s*[:=]?\s+|\s*[:=]\s*)[^\s\"',;]+")


class Redactor:
    """Makes text from outside fit to be shown: no key of ours, no signed address, one line, not too long."""

    def __init__(self, secrets: Iterable[SecretStr | None]) -> None:
        plain = [s.get_secret_value() for s in secrets if s is not None and s.get_secret_value()]
        self._secrets = sorted({form for s in plain for form in (s, quote(s, safe=""))}, key=len, reverse=True)

    def __call__(self, text: str, limit_chars: int = 300) -> str:
        text = _BEARER.sub(rf"\1\2{MASK}", self.without_keys(text))
        text = _QUERY.sub(r"\1?…", _USERINFO.sub(r"\1", text))
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= limit_chars else text[: limit_chars - 1] + "…"

    def without_keys(self, text: str) -> str:
        """The text with our keys taken out, and else as it is."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"
