"""Wan models of a few thousand random weights, saved as the real ones are: what the diffusers engine is tried on."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLWan,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
    WanVACEPipeline,
    WanVACETransformer3DModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

_TEXT_DIM = 32


def save(folder: Path, kind: str) -> Path:
    """A pipeline of `kind` (t2v with two experts, ti2v, i2v, vace), whole in its folder."""
    torch.manual_seed(0)
    parts: dict[str, Any] = {
        "tokenizer": _tokenizer(),
        "text_encoder": UMT5EncoderModel(
            UMT5Config(vocab_size=64, d_model=_TEXT_DIM, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
        ).eval(),
        "scheduler": UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        "vae": _vae_22() if kind == "ti2v" else _vae(),
    }
    if kind == "t2v":
        made = WanPipeline(**parts, transformer=_transformer(), transformer_2=_transformer(), boundary_ratio=0.875)
    elif kind == "ti2v":
        made = WanPipeline(**parts, transformer=_transformer(in_channels=48, out_channels=48), expand_timesteps=True)
    elif kind == "i2v":
        made = WanImageToVideoPipeline(
            **parts, transformer=_transformer(in_channels=36), transformer_2=_transformer(in_channels=36),
            boundary_ratio=0.9,
        )  # fmt: skip
    else:
        made = WanVACEPipeline(
            **parts, transformer=_transformer(WanVACETransformer3DModel, vace_layers=[0], vace_in_channels=96)
        )
    made.save_pretrained(folder, safe_serialization=True)
    return folder


def _transformer(kind: type = WanTransformer3DModel, **told: Any) -> Any:
    """With the words heard loudly: untrained, they would be lost in 8 bits."""
    made = kind(
        **{
            "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12, "in_channels": 16,
            "out_channels": 16, "text_dim": _TEXT_DIM, "freq_dim": 256, "ffn_dim": 32, "num_layers": 1,
            "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 32, **told,
        }
    )  # fmt: skip
    with torch.no_grad():
        made.proj_out.weight *= 4
        for block in made.blocks:
            block.attn2.to_out[0].weight *= 40
    return made


def _vae() -> AutoencoderKLWan:
    return AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )


def _vae_22() -> AutoencoderKLWan:
    """Wan2.2's own: sixteen times smaller on a side, not eight."""
    return AutoencoderKLWan(
        base_dim=3, z_dim=48, in_channels=12, out_channels=12, is_residual=True, patch_size=2,
        latents_mean=[0.0] * 48, latents_std=[1.0] * 48, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
        scale_factor_spatial=16, scale_factor_temporal=4, temperal_downsample=[False, True, True],
    )  # fmt: skip


def _tokenizer() -> PreTrainedTokenizerFast:
    words = ["a", "boat", "drifts", "on", "the", "river", "blue", "red"]
    vocabulary = {word: index for index, word in enumerate(["<pad>", "</s>", "<unk>", *words])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
