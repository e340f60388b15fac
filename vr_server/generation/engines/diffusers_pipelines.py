"""Wan pipelines of the `diffusers` library, loaded and called. Imported by the worker process alone: torch is heavy.

The transformers and the text encoder run in bfloat16 where the device has it, the VAE in float32 (in less it bands).
Only safetensors are read: a model folder cannot bring code along.
"""

import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderKLWan, WanImageToVideoPipeline, WanPipeline, WanVACEPipeline
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from transformers.utils import logging as transformers_logging

from vr_server.domain.errors import EngineAuth, EngineFailed, PrevisError
from vr_server.generation.redaction import Redactor

from .diffusers_inputs import U8, Conditions
from .diffusers_orders import Dtype, How, Order, Report

_log = logging.getLogger("vr_server.diffusers_worker")
_CLASSES = {"t2v": WanPipeline, "ti2v": WanPipeline, "i2v": WanImageToVideoPipeline, "vace": WanVACEPipeline}
_FILES = ("model_index.json", "*/*.json", "*/*.safetensors", "*/*.model", "*/*.txt")
"""Of a model's repository; the rest is pictures for its page, and weights in other formats."""
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")
_DECODING = 0.1
"""Share of the time that the VAE takes, about."""
_TEXT_TOKENS = 512


class Pipelines:
    """Implements `diffusers_worker.Studio`: the last model stays loaded."""

    def __init__(self) -> None:
        self.revision: str | None = None
        self._loaded: How | None = None
        self._pipelines: dict[type, Any] = {}
        self._placed: type | None = None  # whose hooks the shared parts have
        diffusers_logging.set_verbosity_error()
        diffusers_logging.disable_progress_bar()
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()

    def make(self, order: Order, given: Conditions, report: Report) -> U8:
        """The clip's pictures, uint8 [n, h, w, 3], sRGB. Raise EngineFailed and its kinds, or Cancelled."""
        how, request = order.how, order.request
        with _told(how, lambda: f"{request.width_px}x{request.height_px}, {given.frames} frames"):
            pipeline = self._pipeline(how, given, report)
            arguments = _arguments(order, given) | _told_apart(pipeline, given)
            report("sampling", 0.0)

            def stepped(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
                report("sampling", (step + 1) / how.steps * (1 - _DECODING))
                return tensors

            if how.guidance_scale_2 is not None and pipeline.config.boundary_ratio is not None:
                arguments["guidance_scale_2"] = how.guidance_scale_2
            made = pipeline(**arguments, callback_on_step_end=stepped).frames[0]
        if not np.isfinite(made).all():
            raise EngineFailed(
                f"{how.model} gave pictures that are no numbers: set VR_PREVIS_DIFFUSERS_DTYPE to bfloat16 or float32."
            )
        return cast("U8", np.rint(made * 255).clip(0, 255).astype(np.uint8))

    def _pipeline(self, how: How, given: Conditions, report: Report) -> Any:  # noqa: ANN401
        """The pipeline for these conditions, on its device."""
        if self._loaded is None or _model_of(how) != _model_of(self._loaded):
            self._let_go()
            folder = self._folder(how, report)
            report("loading", None)
            made = _load(folder, how)
            self._pipelines = {type(made): made}
            self._loaded = how
        wanted = WanImageToVideoPipeline if how.kind == "ti2v" and given.first is not None else _CLASSES[how.kind]
        if wanted not in self._pipelines:  # of the same parts
            base = self._pipelines[WanPipeline]
            self._pipelines[wanted] = wanted(
                **base.components,
                boundary_ratio=base.config.boundary_ratio,
                expand_timesteps=base.config.expand_timesteps,
            )
        pipeline = self._pipelines[wanted]
        if wanted is not self._placed:
            _place(pipeline, how)
            self._placed = wanted
        return pipeline

    def _let_go(self) -> None:
        self._pipelines, self._loaded, self._placed, self.revision = {}, None, None, None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _folder(self, how: How, report: Report) -> Path:
        """Where the model lies: the folder that was named, or what the hub's library has or fetches of it."""
        if (folder := Path(how.model).expanduser()).is_dir():
            return folder
        report("fetching", None)
        folder = _fetched(how)
        self.revision = folder.name
        return folder


def _model_of(how: How) -> tuple[object, ...]:
    """What another model would have to be loaded for."""
    return how.model, how.kind, how.revision, how.device, how.dtype, how.offload, how.vae_tiling


def _fetched(how: How) -> Path:
    """The model from the hub, or as it was fetched before. A fetch that has begun is finished: the next order needs it."""
    from huggingface_hub import snapshot_download
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        """A line in the log for every tenth of the bytes."""

        tenth = -1

        def __init__(self, *args: Any, **options: Any) -> None:
            self.counts = not str(options.pop("name", "")).endswith("transfer")  # one bar of the two
            super().__init__(*args, **{**options, "file": open(os.devnull, "w")})  # noqa: SIM115, PTH123

        def update(self, n: float | None = 1) -> bool | None:
            done = super().update(n)
            tenth = int(10 * self.n / self.total) if self.total else 0
            if self.counts and self.unit == "B" and tenth > self.tenth:
                self.tenth = tenth
                _log.info("fetching %s: %d of %d MB", how.model, self.n / 1e6, self.total / 1e6)
            return cast("bool | None", done)

    return Path(snapshot_download(how.model, revision=how.revision, allow_patterns=list(_FILES), tqdm_class=Bar))


def _load(folder: Path, how: How) -> Any:  # noqa: ANN401
    dtype = _dtype(how.dtype, _device(how))
    told: dict[str, Any] = {"use_safetensors": True, "local_files_only": True}
    vae = AutoencoderKLWan.from_pretrained(folder, subfolder="vae", dtype=torch.float32, **told)
    kind = _CLASSES[how.kind]
    pipeline = kind.from_pretrained(folder, vae=vae, dtype=dtype, **told)
    if how.vae_tiling:
        vae.enable_tiling()
    pipeline.set_progress_bar_config(disable=True)
    _log.info("loaded %s as %s on %s in %s", how.model, kind.__name__, _device(how), dtype)
    return pipeline


def _place(pipeline: Any, how: How) -> None:  # noqa: ANN401
    """Put it on its device, or have its parts go there as they are needed."""
    device = _device(how)
    if how.offload == "none":
        pipeline.to(device)
    elif how.offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)


def _device(how: How) -> str:
    if how.device != "auto":
        return how.device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _dtype(dtype: Dtype, device: str) -> torch.dtype:
    if dtype == "auto":
        dtype = "float32" if device == "cpu" else "bfloat16"
    return cast("torch.dtype", getattr(torch, dtype))


def _arguments(order: Order, given: Conditions) -> dict[str, Any]:
    """What every Wan pipeline is told."""
    how, request = order.how, order.request
    return {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or None,
        "height": request.height_px,
        "width": request.width_px,
        "num_frames": given.frames,
        "num_inference_steps": how.steps,
        "guidance_scale": how.guidance_scale,
        "generator": torch.Generator("cpu").manual_seed(request.seed),  # the same noise on every device
        "max_sequence_length": _TEXT_TOKENS,
        "output_type": "np",
    }


def _told_apart(pipeline: Any, given: Conditions) -> dict[str, Any]:  # noqa: ANN401
    """What only some of them are told."""
    told: dict[str, Any] = {}
    if isinstance(pipeline, WanImageToVideoPipeline):
        told["image"] = _image(given.first)
        if given.last is not None:
            told["last_image"] = _image(given.last)
    if isinstance(pipeline, WanVACEPipeline):
        if given.video is not None and given.mask is not None:
            told["video"] = [_image(picture) for picture in given.video]
            told["mask"] = [_image(mask) for mask in given.mask]
            told["conditioning_scale"] = given.scale
        if given.references:
            told["reference_images"] = [_image(picture) for picture in given.references]
    return told


def _image(picture: U8 | None) -> Image.Image:
    return Image.fromarray(cast("U8", picture))


@contextmanager
def _told(how: How, size: Callable[[], str]) -> Iterator[None]:
    """What torch and the libraries around it raise becomes an error of ours, with what to do about it."""
    try:
        yield
    except PrevisError:
        raise
    except Exception as error:
        _log.exception("%s broke off", how.model)
        raise failure_of(error, how, size()) from error


def failure_of(error: Exception, how: How, size: str) -> EngineFailed:
    """One line of what went wrong. The whole of it is in the worker's log."""
    hide = Redactor(())
    said = hide(f"{type(error).__name__}: {error}", 240)
    low = str(error).lower()
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in low for words in _NO_MEMORY):
        return EngineFailed(
            f"No memory was left for {size} with {how.model}: set VR_PREVIS_DIFFUSERS_OFFLOAD=model (slower), "
            f"VR_PREVIS_DIFFUSERS_VAE_TILING=true, or smaller VR_PREVIS_DIFFUSERS_SIZES."
        )
    if "GatedRepoError" in kinds:
        return EngineAuth(
            f"{how.model} asks for an account: set VR_PREVIS_DIFFUSERS_KEY to a token of the hub's ({said})"
        )
    if kinds & {"RepositoryNotFoundError", "RevisionNotFoundError"}:
        return EngineFailed(f"The hub has no {how.model} at revision {how.revision or 'main'}: {said}")
    if kinds & {"LocalEntryNotFoundError", "HfHubHTTPError", "TransportError", "ConnectionError"}:
        return EngineFailed(f"{how.model} is not on this machine and cannot be fetched: {said}")
    if "cuda" in low and isinstance(error, AssertionError | RuntimeError):
        return EngineFailed(f"The device {how.device} cannot be used for {how.model}: {said}")
    if isinstance(error, OSError | KeyError | TypeError | ValueError) or "SafetensorError" in kinds:
        return EngineFailed(f"{how.model} cannot be used: {said}")
    return EngineFailed(f"{how.model} broke off: {said}")
