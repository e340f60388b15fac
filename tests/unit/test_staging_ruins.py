"""What is left of an old town: Chinese halls, fallen in."""

import numpy as np
import pytest

from vr_server.language import parse_spec
from vr_server.staging import compose
from vr_server.staging.meshes.fallen import dead_tree, pillar, ruined_hall


@pytest.mark.parametrize(
    "text", ["古城废墟,一位剑客走过", "残破的古城,一位剑客走过", "A swordsman in a ruined ancient city"]
)
def test_a_ruined_city_has_fallen_halls_and_dead_trees_and_no_fluted_columns(text: str) -> None:
    assets = [p.asset for p in compose(parse_spec(text), 7).set_pieces]
    assert assets.count("ruined_hall") >= 4
    assert "dead_tree" in assets
    assert not {"column", "ruin", "chinese_hall"} & set(assets)


@pytest.mark.parametrize("seed", range(4))
def test_half_of_the_roof_is_gone_and_the_rest_is_up_on_its_posts(seed: int) -> None:
    _, roof = ruined_hall(seed, (12.0, 7.0, 7.5))
    seen = roof.positions[roof.triangles].mean(axis=1)
    assert float((seen[:, 0] > 0).mean()) > 0.7
    assert float(seen[:, 1].min()) > 0.4 * 7.0


def test_a_seed_gives_the_same_ruin_and_another_seed_another() -> None:
    for build in (pillar, dead_tree):
        assert np.array_equal(build(3)[0].positions, build(3)[0].positions)
    a, b, c = (ruined_hall(seed, (12.0, 7.0, 7.5))[0].positions for seed in (3, 3, 4))
    assert np.array_equal(a, b)
    assert a.shape != c.shape or not np.array_equal(a, c)
