"""What databases and their folders say when they fail, as StorageFailed with one line that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vr_server.domain.errors import StorageFailed


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """A folder's errors as one line."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"The folder {folder} cannot be used: {error.strerror}.") from error


@contextmanager
def translated() -> Iterator[None]:
    """The database's errors as one line that says what to do."""
    try:
        yield
    except PoolTimeout as error:
        raise StorageFailed("The database is too busy: try again.") from error
    except DBAPIError as error:
        reason = str(error.orig)
        for sign, advice in _ADVICE.items():
            if sign in reason:
                raise StorageFailed(advice) from error
        raise StorageFailed(f"The database refused: {reason}.") from error


_ADVICE = {
    "disk is full": "The disk is full: free some space, then try again; nothing was changed.",
    "database is locked": "The database is held by another program: close it, then try again.",
    "malformed": "The database file is damaged: put back a backup of previs.sqlite.",
    "not a database": "The database file is damaged: put back a backup of previs.sqlite.",
    "readonly": "The database cannot be written: check the permissions of the data folder.",
    "unable to open": "The database cannot be opened: check the path and permissions of the data folder.",
    "disk I/O error": "The disk failed while the database was used: check the disk, then try again.",
}
