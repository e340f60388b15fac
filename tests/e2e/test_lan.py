"""`serve --lan`: HTTPS on the spot, and nothing without the join token but a page that asks for it."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from browser import browsers, snapshot
from server import Server, wait_for
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("lan"), options=("--lan",), scheme="https")
    server.start()
    yield server
    server.stop()


def join_path(server: Server) -> str:
    """The path and query of the link that the server printed."""
    found = re.search(r"ready: (\S+)", server.log.read_text("utf-8"))
    assert found is not None
    parts = urlsplit(found[1])
    assert parts.scheme == "https"
    return f"{parts.path}?{parts.query}"


def test_without_the_token_there_is_only_a_page_that_asks_for_it(lan: Server) -> None:
    with httpx.Client(base_url=lan.url, verify=False, trust_env=False, timeout=20) as client:
        assert "token" in client.get("/", follow_redirects=True).text.lower()
        for path in ("/api/projects", "/api/rooms/default", "/assets/index.js"):
            assert client.get(path).status_code == 401
        offer = client.post("/api/rooms/default/whep", content="v=0", headers={"content-type": "application/sdp"})
        assert offer.status_code == 401
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with pytest.raises(InvalidStatus) as refused:
        connect(f"wss://127.0.0.1:{lan.port}/api/rooms/default/ws", ssl=trusting, proxy=None)
    assert refused.value.response.status_code in {401, 403}


def test_the_printed_link_opens_the_room_in_a_browser(lan: Server) -> None:
    with browsers() as start:
        page = start().new_page()
        page.goto(lan.url + join_path(lan) + "&grid=80")
        wait_for("the room", lambda: snapshot(page).get("connection") == "open", limit_s=30)
        assert page.evaluate("isSecureContext"), "WebXR needs a secure context"
        assert "token" not in page.url


def test_the_key_is_for_the_owner_only(lan: Server) -> None:
    kept = [p for p in Path(lan.data).rglob("*") if p.is_file() and (p.suffix in {".pem", ".key"} or p.name == "token")]
    assert kept
    for path in kept:
        if b"PRIVATE KEY" in path.read_bytes() or path.name == "token":
            assert path.stat().st_mode & 0o077 == 0, path
