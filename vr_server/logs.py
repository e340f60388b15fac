"""Logging, set up in one place: one line per event on stderr, whatever a stranger put into it."""

import logging
import logging.config

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127)}


class OneLine(logging.Formatter):
    """A message stays on its line: control characters from outside are written out. Tracebacks follow as they are."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        record.message = record.message.translate(_CONTROL)
        return super().formatMessage(record)


def configure(level: str = "INFO") -> None:
    """Our own events at `level`; libraries speak from WARNING on."""
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": OneLine, "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {"vr_server": {"level": level}, "streaming": {"level": level}},
    })  # fmt: skip
