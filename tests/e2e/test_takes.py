"""Three seeds asked for by hand and seen side by side, the frame under the pointer, and a take chosen for the film."""

from browser import browsers, errors_of, open_room, save, snapshot
from conftest import Scene
from server import wait_for


def test_takes_are_asked_for_compared_cancelled_and_approved_in_the_client(scene: Scene) -> None:
    with browsers() as start:
        page = open_room(start(size={"width": 800, "height": 400}), scene.server.url, scene.room, "grid=80&name=Ann")
        wait_for("the picture", lambda: snapshot(page).get("quality") == "final")
        page.evaluate("previs.actions.pause()")
        track = page.locator(".scrubber").bounding_box()
        assert track is not None
        preview = page.locator(".preview .small-frame")
        seen = []
        for share in (0.1, 0.9):
            page.mouse.move(track["x"] + share * track["width"], track["y"] + track["height"] / 2)
            preview.wait_for()
            seen.append((preview.get_attribute("data-thumb"), page.locator(".preview .tc").inner_text()))
        assert seen[0][0] != seen[1][0], "another moment, another picture of the strip"
        assert seen[0][1] < seen[1][1]

        shot = page.locator("[data-shot]").nth(1)
        shot.locator("[data-action=ask]").click()
        page.locator("[data-count='3']").click()
        choice = page.locator("[data-action=engine]")
        own = choice.input_value()
        choice.select_option("comfyui")
        page.locator("[data-followed=depth]").wait_for()
        told = page.locator(".readings details")
        wait_for("three readings", lambda: told.count() == 3)
        assert page.locator("[data-cost]").get_attribute("data-cost") == "1.5", "three takes of two parts each"
        told.nth(1).locator("summary").click()
        assert told.nth(1).locator(".told").count() == 2
        save(page, "ask")
        choice.select_option(own)
        page.locator("[data-differ=seed]").click()
        page.locator("[data-action=make]").click()
        page.locator("[data-action=compare]").click()
        cards = page.locator(".compare .card")
        wait_for("three cards", lambda: cards.count() == 3)
        assert len(set(cards.locator(".differs").all_inner_texts())) == 3, "each names its seed"
        save(page, "compare")
        for number in range(3):
            cards.nth(number).locator("[data-action=cancel]").click()
            gone = page.locator(".compare .card[data-state=cancelled]")
            wait_for("the take to be cancelled", lambda gone=gone, number=number: gone.count() == number + 1)
        page.keyboard.press("Escape")
        assert page.locator(".compare").is_hidden()

        star = page.locator(f"[data-take='{scene.take_id}'] [data-action=approve]")
        for pressed, by in (("true", "Ann"), ("false", None)):
            star.click()
            wait_for("the star", lambda pressed=pressed: star.get_attribute("aria-pressed") == pressed)
            kept = next(take["approval"] for take in scene.takes() if take["id"] == scene.take_id)
            assert (kept and kept["by"]) == by
        assert errors_of(page) == []
