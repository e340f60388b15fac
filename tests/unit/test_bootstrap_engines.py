"""Remote engines from the environment."""

import logging

import pytest

from vr_server.bootstrap import remote_engines, semantic_match
from vr_server.config import Settings
from vr_server.domain.errors import InvalidInput

KEY = "sk-0123456789abcdef"


def engines(environ: dict[str, str]) -> list[str]:
    return list(remote_engines(Settings.load(environ).engine_options))


def test_what_is_set_up_is_offered() -> None:
    assert engines({}) == []
    assert engines({"VR_PREVIS_WAN_HTTP_KEY": KEY}) == ["wan-http"]
    assert "openai-videos" in engines({"VR_PREVIS_OPENAI_VIDEOS_BASE_URL": "http://127.0.0.1:8000"})
    assert engines({"VR_PREVIS_DASHSCOPE_KEY": KEY, "VR_PREVIS_DASHSCOPE_REGION": "china"}) == ["dashscope"]
    assert engines({"VR_PREVIS_COMFYUI_BASE_URL": "http://127.0.0.1:8188"}) == ["comfyui"]


def test_a_workflow_that_is_none_is_said_by_name() -> None:
    address = {"VR_PREVIS_COMFYUI_BASE_URL": "http://127.0.0.1:8188"}
    with pytest.raises(InvalidInput, match=r"no workflow 'nowhere'; there are: .*wan22-t2v-14b"):
        engines(address | {"VR_PREVIS_COMFYUI_WORKFLOWS": "wan22-t2v-14b, nowhere"})
    assert engines(address | {"VR_PREVIS_COMFYUI_WORKFLOWS": "wan22-t2v-14b,wan21-vace-guide-14b"}) == ["comfyui"]


def test_what_is_set_up_by_half_is_not_offered_and_says_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert engines({"VR_PREVIS_WAN_HTTP_BASE_URL": "https://wan.example"}) == []
    assert "VR_PREVIS_WAN_HTTP_KEY" in caplog.text


def test_a_wrong_setting_names_the_variable_and_hides_the_value() -> None:
    with pytest.raises(InvalidInput, match="VR_PREVIS_WAN_HTTP_KEY: must be at least 8") as told:
        engines({"VR_PREVIS_WAN_HTTP_KEY": "hunter2"})
    assert "hunter2" not in str(told.value)
    assert KEY not in repr(Settings.load({"VR_PREVIS_WAN_HTTP_KEY": KEY}))


def test_the_judge_of_pictures_is_off_until_it_is_set_up(caplog: pytest.LogCaptureFixture) -> None:
    def judge(**told: str) -> str | None:
        made = semantic_match(
            Settings.load({f"VR_PREVIS_VISION_MATCH_{k.upper()}": v for k, v in told.items()}).engine_options
        )
        return made and made.name

    assert judge() is None
    with caplog.at_level(logging.WARNING):
        assert judge(key=KEY) is None
    assert "VR_PREVIS_VISION_MATCH_BASE_URL is not set and VR_PREVIS_VISION_MATCH_MODEL is not set" in caplog.text
    assert judge(base_url="http://127.0.0.1:9", model="eyes") == "vision-match"
    with pytest.raises(InvalidInput, match="VR_PREVIS_VISION_MATCH_BASE_URL: "):
        judge(base_url="ftp://nowhere")
