"""What an engine's refusal means, when to ask again, and what is never repeated."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, ValidationError

from vr_server.domain import errors
from vr_server.generation.addresses import is_public
from vr_server.generation.failures import failure_from_answer, failure_of, reason_in, retry_after_s
from vr_server.generation.redaction import MASK, Redactor
from vr_server.generation.retry import Backoff
from vr_server.generation.settings import EngineSettings

HIDE = Redactor([SecretStr("sk-very-secret/1")])


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"code": "A", "message": "b"}', ("A", "b")),
        ('{"error": {"code": "A", "message": "b"}}', ("A", "b")),
        ('{"error": {"type": "A", "message": "b"}, "node_errors": {}}', ("A", "b")),
        ('{"error": "b"}', ("", "b")),
        ('{"detail": "b"}', ("", "b")),
        ('{"detail": [{"loc": ["body"], "msg": "x"}]}', ("", '[{"loc": ["body"], "msg": "x"}]')),
        ('{"output": {"task_status": "FAILED", "code": "A", "message": "b"}}', ("A", "b")),
        ("<html>b</html>", ("", "<html>b</html>")),
        ("[1]", ("", "[1]")),
    ],
)
def test_reasons_are_found_in_many_shapes(body, found):
    assert reason_in(body) == found


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "DataInspectionFailed", errors.EngineRefused),
        (400, "content_policy_violation", errors.EngineRefused),
        (0, "DataInspectionFailed", errors.EngineRefused),
        (429, "", errors.EngineThrottled),
        (400, "Throttling.RateQuota", errors.EngineThrottled),
        (429, "insufficient_quota", errors.EngineAuth),
        (402, "", errors.EngineAuth),
        (403, "AccessDenied", errors.EngineAuth),
        (0, "InternalError.Algo", errors.EngineUnreachable),
        (500, "", errors.EngineUnreachable),
        (408, "", errors.EngineUnreachable),
        (404, "", errors.EngineFailed),
        (0, "InvalidParameter", errors.EngineFailed),
        (307, "", errors.EngineLied),
    ],
)
def test_the_code_tells_more_than_the_status(status, code, kind):
    assert type(failure_of("x", code, "why", HIDE, status=status)) is kind


@pytest.mark.parametrize(
    ("status", "paid", "kind"), [(504, True, "outcome-unknown"), (504, False, "engine-unreachable")]
)
def test_a_gateway_that_lost_an_order_leaves_it_in_doubt(status, paid, kind):
    assert failure_from_answer("x", status, {}, "", HIDE, paid=paid).code == kind


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("17", 17), ("0.5", 0.5), ("-3", 0), ("1e9", 86400), ("soon", None), ("", None), ("nan", None),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30), ("Wed, 31 Dec 2025 23:00:00 GMT", 0),
    ],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(told, seconds):
    assert retry_after_s({"retry-after": told}, datetime(2026, 1, 1, tzinfo=UTC)) == seconds


def test_only_what_passes_is_tried_again():
    backoff = Backoff(attempts=4)
    assert [backoff.wait_s(errors.EngineUnreachable("x"), n) for n in (1, 2, 3, 4)] == [1, 2, 4, None]
    assert backoff.wait_s(errors.EngineThrottled("x", 33), 1) == 33
    assert backoff.wait_s(errors.EngineThrottled("x", 6000), 1) is None
    for kind in ("EngineAuth", "EngineRefused", "EngineLied", "ResultGone", "OutcomeUnknown", "EngineFailed"):
        assert backoff.wait_s(getattr(errors, kind)("x"), 1) is None


def test_keys_and_signatures_are_not_repeated():
    told = HIDE(
        "key sk-very-secret/1, quoted sk-very-secret%2F1, Bearer abc.def, see https://u:p@host/x.mp4?Expires=1&Signature=s\n"
    )
    assert told == f"key {MASK}, quoted {MASK}, Bearer {MASK}, see https://host/x.mp4?…"
    assert len(HIDE("x" * 5000)) == 300
    assert "very" not in repr(HIDE)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "::1", "fe80::1%eth0",
     "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "100.64.0.1", "198.18.0.1"],
)  # fmt: skip
def test_addresses_of_our_own(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "sk-with\nbreak"}, {"key": "short"}, {"base_url": "ftp://x"}, {"base_url": "https://u:pass-word@x"},
        {"base_url": "https://x?key=abcdefgh"}, {"price_per_s": -1}, {"currency": "dollars"}, {"unknown": 1},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused_without_the_key(wrong):
    with pytest.raises(ValidationError) as refused:
        EngineSettings.model_validate(wrong)
    for value in wrong.values():
        assert (
            not isinstance(value, str)
            or value.startswith(("ftp", "dollars", "short"))
            or value not in str(refused.value)
        )


def test_settings_hide_the_key_and_split_lists():
    settings = EngineSettings.model_validate({"key": " sk-0123456789 ", "result_hosts": "a.lan, b.lan:9000"})
    assert settings.key.get_secret_value() == "sk-0123456789"
    assert "sk-0" not in repr(settings) + settings.model_dump_json()
    assert settings.result_hosts == ("a.lan", "b.lan:9000")
