"""Bytes of a script file -> text."""

import codecs

from vr_server.domain.errors import InvalidScript

SCRIPT_LIMIT_BYTES = 2 * 1024 * 1024
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ALLOWED_CONTROLS = "\t\n\r\f"


def decode_script(data: bytes, *, filename: str) -> str:
    """Text of a script in UTF-8, UTF-16 with a byte order mark, or GB18030; line ends become `\\n`.

    Raise InvalidScript when it is empty, longer than SCRIPT_LIMIT_BYTES, or not text.
    """
    if len(data) > SCRIPT_LIMIT_BYTES:
        raise InvalidScript(f"{filename} has {len(data)} bytes; a script may have {SCRIPT_LIMIT_BYTES}. Split it.")
    if not data.strip(b" \t\r\n\x00"):
        raise InvalidScript(f"{filename} is empty: write at least one paragraph that shows something.")
    text = _decoded(data, filename)
    if any(c < " " and c not in _ALLOWED_CONTROLS for c in text) or "\x7f" in text:
        raise InvalidScript(f"{filename} holds control characters: it is not a text file.")
    if not text.strip():
        raise InvalidScript(f"{filename} is empty: write at least one paragraph that shows something.")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")


def _decoded(data: bytes, filename: str) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            encodings: tuple[str, ...] = (encoding,)
            data = data[len(bom) :]
            break
    else:
        encodings = ("utf-8", "gb18030")
    if encodings[0] != "utf-16-le" and encodings[0] != "utf-16-be" and b"\x00" in data:
        raise InvalidScript(f"{filename} holds zero bytes: it is not a text file (UTF-16 needs its byte order mark).")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidScript(f"{filename} is not text in UTF-8, UTF-16 or GB18030: save it as UTF-8.")
