"""What the contracts are tried against."""

from collections.abc import Iterator

import pytest
from s3_server import S3Server, s3_server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3; its start takes about a second, once."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server
