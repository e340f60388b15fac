"""A thing that changes hands: at one time, face to face, at arm's length."""

import math

import numpy as np
import pytest

from vr_server.language import parse_spec
from vr_server.staging import compose
from vr_server.staging.subjects import path_at


@pytest.mark.parametrize("text", [
    "In a room a woman stands up from a chair, then hands a sword to a soldier.",
    "A man hands a letter to a boy on a street.",
    "一位女子把剑递给一名骑士。",
])  # fmt: skip
@pytest.mark.parametrize("seed", [1, 9])
def test_giver_and_taker_meet(text, seed):
    staging = compose(parse_spec(text), seed)
    giver = next(s for s in staging.subjects if any(a.action == "hand_over" for a in s.actions))
    taker = next(s for s in staging.subjects if any(a.action == "receive" for a in s.actions))
    gives = next(a for a in giver.actions if a.action == "hand_over")
    takes = next(a for a in taker.actions if a.action == "receive")
    assert gives.target == taker.key
    assert takes.start_s == pytest.approx(gives.start_s, abs=0.01)
    middle = 0.5 * (gives.start_s + gives.end_s)
    (here, yaw), (there, back) = path_at(giver.path, middle), path_at(taker.path, middle)
    line = (there - here)[[0, 2]]
    assert 0.3 < np.linalg.norm(line) < 1.3
    line = line / np.linalg.norm(line)
    assert -math.sin(yaw) * line[0] - math.cos(yaw) * line[1] > 0.9
    assert math.sin(back) * line[0] + math.cos(back) * line[1] > 0.9
