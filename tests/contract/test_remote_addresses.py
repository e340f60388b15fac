"""Where an engine may send us: its own origin, the public internet and hosts a person allowed; the key goes nowhere else."""

import pytest
from remote_dashscope import DashScopeReplay
from remote_wan_http import WanHttpReplay
from replay import KEY, FakeClock, Fault, Replay, make_clip, serving
from starlette.responses import RedirectResponse, Response

from vr_server.domain.errors import EngineLied, EngineUnreachable, ResultGone
from vr_server.generation.fitting import fit
from vr_server.generation.remote import run


class Elsewhere(Replay):
    """Another host on this machine."""

    def routes(self):
        return [
            self.route("media", "/clip.mp4", self.media),
            self.route("hop", "/hop", self.hop),
            self.route("loop", "/loop", self.loop),
        ]

    target = "/clip.mp4"

    async def hop(self, request) -> Response:
        return RedirectResponse(self.target)

    async def loop(self, request) -> Response:
        return RedirectResponse("/loop")


@pytest.fixture(params=[WanHttpReplay, DashScopeReplay])
async def servers(request, tmp_path):
    replay, elsewhere = request.param(), Elsewhere()
    replay.clip = elsewhere.clip = make_clip(tmp_path / "source.mp4")
    async with serving(replay, elsewhere):
        yield replay, elsewhere


async def make(replay, url, tmp_path, resolver=None, **options):
    replay.clip_url = url
    engine = replay.engine(replay.base_url, FakeClock(), **options)
    if resolver is not None:
        engine._http._book._resolver = resolver
    try:
        fitted = fit(replay.request, engine.capabilities())
        return await run(engine, fitted.request, lambda _: tmp_path, tmp_path / "clip.mp4", clock=FakeClock())
    finally:
        await engine.aclose()


def resolving(**names):
    async def resolver(host, port):
        return names[host.partition(".")[0]]

    return resolver


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x.mp4", "http://localhost:9/x.mp4", "http://[::1]:9/x.mp4", "http://10.0.0.7/x.mp4",
        "http://192.168.1.1/x.mp4", "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/x.mp4",
        "http://[::ffff:127.0.0.1]/x.mp4", "http://0.0.0.0/x.mp4", "http://2130706433/x.mp4", "http://[fd00::1]/x.mp4",
        "http://[64:ff9b::7f00:1]/x.mp4", "http://100.64.0.1/x.mp4", "file:///etc/passwd", "ftp://example.com/x.mp4",
        "data:video/mp4;base64,AAAA", "http://user:word@example.com/x.mp4", "http://:0/", "//127.0.0.1:9/x.mp4",
    ],
)  # fmt: skip
async def test_an_address_inside_our_network_is_not_followed(servers, tmp_path, url):
    with pytest.raises(EngineLied):
        await make(servers[0], "http:" + url if url.startswith("//") else url, tmp_path)
    assert not (tmp_path / "clip.mp4").exists()
    assert servers[1].calls == []


async def test_a_name_counts_as_what_it_resolves_to(servers, tmp_path):
    replay, elsewhere = servers
    port = elsewhere.base_url.rpartition(":")[2]
    inside = resolving(cdn=("93.184.216.34", "127.0.0.1"))
    with pytest.raises(EngineLied, match=r"cdn\.example"):
        await make(replay, f"http://cdn.example:{port}/clip.mp4", tmp_path, inside)
    assert elsewhere.calls == []


async def test_a_name_that_nobody_knows(servers, tmp_path):
    async def nobody(host, port):
        raise OSError("no such name")

    with pytest.raises(EngineUnreachable, match=r"cdn\.example"):
        await make(servers[0], "http://cdn.example/clip.mp4", tmp_path, nobody)


async def test_an_allowed_host_gets_its_name_and_not_the_key(servers, tmp_path):
    replay, elsewhere = servers
    port = elsewhere.base_url.rpartition(":")[2]
    inside = resolving(media=("127.0.0.1",))
    made = await make(
        replay, f"http://media.lan:{port}/clip.mp4", tmp_path, inside, result_hosts=(f"media.lan:{port}",)
    )
    assert made.video.frame_count == 8
    (call,) = elsewhere.of("media")
    assert call.headers["host"] == f"media.lan:{port}"
    assert KEY not in str(call.headers)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_signed_address_that_expired_is_gone(servers, tmp_path, status):
    replay, elsewhere = servers
    elsewhere.faults["media"] = [Fault("status", status, "Request has expired")]
    host = elsewhere.base_url.removeprefix("http://")
    with pytest.raises(ResultGone, match=str(status)):
        await make(replay, f"{elsewhere.base_url}/clip.mp4?Expires=1&Signature=s", tmp_path, result_hosts=(host,))
    assert len(elsewhere.of("media")) == 1


async def test_redirects_are_judged_hop_by_hop_and_come_to_an_end(servers, tmp_path):
    replay, elsewhere = servers
    host = elsewhere.base_url.removeprefix("http://")
    allowed = {"result_hosts": (host,)}
    assert (await make(replay, f"{elsewhere.base_url}/hop", tmp_path, **allowed)).video.frame_count == 8
    elsewhere.target = "http://169.254.169.254/latest"
    with pytest.raises(EngineLied, match="own network"):
        await make(replay, f"{elsewhere.base_url}/hop", tmp_path, **allowed)
    with pytest.raises(EngineLied, match="redirects"):
        await make(replay, f"{elsewhere.base_url}/loop", tmp_path, **allowed)
    # sent back to the engine's own origin by a stranger: fetched, but without the key
    elsewhere.target = f"{replay.base_url}/clips/1.mp4"
    await make(replay, f"{elsewhere.base_url}/hop", tmp_path, **allowed)
    assert "authorization" not in replay.of("media")[-1].headers
