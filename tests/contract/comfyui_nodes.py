"""What the nodes of ComfyUI's core do to pictures and masks, as far as the edit's graph goes: run on what was uploaded.

Images are float32 [n, h, w, 3], masks float32 [n, h, w], 0 to 1. The model is a stand-in: it paints all it is free to
paint, and shifts what it is told to keep, as real ones do. LoadVideo, GetVideoComponents, ImageScale, ImageToMask,
ThresholdMask, GrowMask, EmptyImage, ImageCompositeMasked, WanVaceToVideo (comfy_extras/nodes_{video,mask,wan}.py, nodes.py).
"""

import io
import re

import av
import cv2
import numpy as np

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
PAINT = np.float32([0.1, 0.8, 0.2])


class Graph:
    """`graph`: in API format, filled; `uploaded`: name -> bytes. ``graph[node, slot]``: what a node gives."""

    def __init__(self, graph: dict, uploaded: dict[str, bytes]) -> None:
        self.graph, self.uploaded = graph, uploaded
        self._made: dict[str, tuple] = {}

    def __getitem__(self, place):
        node, slot = place
        if node not in self._made:
            told = self.graph[node]
            given = {n: self[v[0], v[1]] if isinstance(v, list) else v for n, v in told["inputs"].items()}
            self._made[node] = getattr(self, _WORDS.sub("_", told["class_type"]).lower())(**given)
        return self._made[node][slot]

    def load_video(self, file):
        with av.open(io.BytesIO(self.uploaded[file])) as container:
            rate = container.streams.video[0].average_rate
            return ((np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)]), rate),)

    def get_video_components(self, video):
        return video[0].astype(np.float32) / 255, None, float(video[1])

    def image_scale(self, image, upscale_method, width, height, crop):
        way = {"bilinear": cv2.INTER_LINEAR, "lanczos": cv2.INTER_LANCZOS4}[upscale_method]
        assert crop == "center"
        h, w = image.shape[1:3]
        x, y = max(0, round((w - h * width / height) / 2)), max(0, round((h - w * height / width) / 2))
        cut = image[:, y : h - y, x : w - x]
        return (np.clip(np.stack([cv2.resize(one, (width, height), interpolation=way) for one in cut]), 0, 1),)

    def image_to_mask(self, image, channel):
        return (image[..., ["red", "green", "blue"].index(channel)],)

    def threshold_mask(self, mask, value):
        return ((mask > value).astype(np.float32),)

    def grow_mask(self, mask, expand, tapered_corners):
        assert tapered_corners
        cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
        return (np.stack([cv2.dilate(one, cross, iterations=expand) if expand else one for one in mask]),)

    def empty_image(self, width, height, batch_size, color):
        return (np.full((batch_size, height, width, 3), (color & 255) / 255, np.float32),)

    def image_composite_masked(self, destination, source, mask, **_):
        count = len(destination)
        source, mask = (
            np.resize(one, (count, *one.shape[1:])) for one in (source, mask)
        )  # cut, or repeated in silence
        return (destination * (1 - mask[..., None]) + source * mask[..., None],)

    def unetloader(self, **_):
        return (None,)

    cliploader = vaeloader = cliptext_encode = model_sampling_sd3 = unetloader

    def wan_vace_to_video(self, control_video, control_masks, length, **_):
        missing = length - len(control_video)
        video = np.pad(control_video, ((0, missing), (0, 0), (0, 0), (0, 0)), constant_values=0.5)
        masks = np.pad(control_masks, ((0, length - len(control_masks)), (0, 0), (0, 0)), constant_values=1)
        assert len(control_masks) == len(control_video), "a mask for each frame of the clip"
        return None, None, (video, masks), 0

    def ksampler(self, latent_image, **_):
        video, masks = latent_image
        return (np.where(masks[..., None] > 0.5, PAINT, np.clip(video + 0.04, 0, 1)),)

    def trim_video_latent(self, samples, trim_amount):
        return (samples[trim_amount:],)

    def vaedecode(self, samples, vae):
        return (samples,)
