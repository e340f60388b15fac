"""What floats stays on the water, and who sits in it goes along."""

import numpy as np
import pytest

from vr_server.language import parse_spec
from vr_server.staging import compose
from vr_server.staging.meshes.ground import ground_height, water_level
from vr_server.staging.subjects import path_at


@pytest.mark.parametrize(("text", "drifts"), [
    ("一叶小船在江上漂流,一位老者坐在船头,远景。", True),
    ("An old man sits in a boat on a river, wide shot.", False),
])  # fmt: skip
@pytest.mark.parametrize("seed", [1, 5])
def test_an_old_man_in_a_boat(text, drifts, seed):
    staging = compose(parse_spec(text), seed)
    boat = next(s for s in staging.subjects if s.kind in {"boat", "ship"})
    elder = next(s for s in staging.subjects if s.kind == "elder")
    for t in np.linspace(0, staging.duration_s, 9):
        afloat, sits = path_at(boat.path, t)[0], path_at(elder.path, t)[0]
        floor = float(ground_height(staging.ground, afloat[:1], afloat[2:])[0])
        assert floor < (water_level(staging.ground) or 0.0) - 0.2, "the boat is aground"
        assert np.linalg.norm((sits - afloat)[[0, 2]]) < 0.4 * boat.size_m[2]
        assert 0 < sits[1] - afloat[1] < boat.size_m[1]
    drift = np.linalg.norm(path_at(boat.path, staging.duration_s)[0] - path_at(boat.path, 0)[0]) / staging.duration_s
    assert 0.3 < drift < 3.0 if drifts else drift < 0.1
