"""The inputs of an order, laid out for its engine: what exists comes from the blobs, what is planned is made first.

Made inputs are kept among the blobs and noted on the order: after a crash, and for another order that is to follow the
same, they come from there.
"""

import asyncio
import shutil
from pathlib import Path

from vr_server.domain.errors import EngineFailed, StorageFailed
from vr_server.domain.order import Order
from vr_server.domain.region import MaskShape
from vr_server.generation.guidance import GuideTask
from vr_server.generation.joining import HandOverTask
from vr_server.generation.mask_video import MaskTask
from vr_server.generation.port import GenerationRequest, MediaInput
from vr_server.generation.recipes import GuideRecipe, MaskRecipe, Recipe
from vr_server.storage import Blobs, Store

from .making import Runner

_PRIORITY = 1
"""A worker's: an engine's account waits for it, but drafts that somebody looks at go first."""


class InputMaker:
    """Makes inputs in the workers of `runner`. `scratch`: where they lie while their order is being sent.

    `renderer`: ``module:function``, see `GuideTask`.
    """

    def __init__(
        self, store: Store, blobs: Blobs, scratch: Path, *, runner: Runner | None = None, renderer: str = ""
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._scratch = scratch
        self._runner = runner
        self._renderer = renderer

    def path(self, order: Order, given: MediaInput) -> Path:
        """Where the order's input lies once it is laid out."""
        return self._scratch / order.id / given.sha256

    async def lay_out(self, order: Order) -> dict[str, str]:
        """Have every input of the order in its place. What was made of planned ones, name -> SHA-256.

        Raise NotFound, StorageFailed, and what the worker raises. Safe to do again.
        """
        made = dict(order.made)
        for given in GenerationRequest.model_validate_json(order.request).inputs:
            to = self.path(order, given)
            digest = given.sha256 if given.recipe is None else made.get(given.sha256)
            if given.recipe is not None and digest is None:
                digest = await self._made_before(order.project_id, given.sha256)
            if given.recipe is not None and digest is None:
                digest = await self._make(given.recipe, to)
            elif digest is not None:
                await self._blobs.copy_to(digest, to)
            if given.recipe is not None and digest is not None:
                made[given.sha256] = digest
        return made

    async def clear(self, order: Order) -> None:
        """Take the order's inputs away."""
        await asyncio.to_thread(_remove, self._scratch / order.id)

    async def _made_before(self, project_id: str, name: str) -> str | None:
        """The bytes that another of the project's orders had made of the same recipe."""
        kept = {o.made[name] for o in await self._store.orders(project_id) if name in o.made}
        return next(iter(sorted(kept)), None)

    async def _make(self, recipe: Recipe, to: Path) -> str:
        await asyncio.to_thread(to.parent.mkdir, parents=True, exist_ok=True)
        if isinstance(recipe, GuideRecipe):
            await self._run(GuideTask(recipe, to, self._renderer), to)
        elif isinstance(recipe, MaskRecipe):
            await self._run(await self._mask_of(recipe, to), to)
        else:
            clip = (await self._store.order(recipe.order_id)).clip
            if clip is None:
                raise EngineFailed("The part before this one has no clip to go on from: ask for the take again.")
            source = to.with_name(f"{recipe.order_id}.mp4")
            await self._blobs.copy_to(clip, source)
            await self._run(HandOverTask(recipe, source, to), to)
        return await self._blobs.put_file(to)

    async def _mask_of(self, recipe: MaskRecipe, to: Path) -> MaskTask:
        """With what it needs of the parent's clip laid out beside `to`."""
        parent = to.with_name(f"{to.name}-parent")
        for name, digest in recipe.files.items():
            await self._blobs.copy_to(digest, parent / name)
        shape = recipe.region.shape
        painted = await self._blobs.read(shape.sha256) if isinstance(shape, MaskShape) else None
        return MaskTask(recipe, parent, painted, to)

    async def _run(self, task: GuideTask | HandOverTask | MaskTask, to: Path) -> None:
        if self._runner is None:
            raise EngineFailed("There are no workers that make what the engine is to follow: ask for the take without.")
        await self._runner.run(
            f"input-{to.parent.name}-{to.name}", task, priority=_PRIORITY, on_progress=lambda _: None
        )


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFailed(f"The folder {folder.name} cannot be removed: {error.strerror}.") from error
