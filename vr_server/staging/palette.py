"""Colour words as light: lexicon colour ids to linear RGB."""

from vr_server.domain.staging import Rgb

COLOURS: dict[str, Rgb] = {
    "white": (0.78, 0.77, 0.75), "ivory": (0.72, 0.66, 0.53), "cream": (0.72, 0.64, 0.48), "silver": (0.52, 0.53, 0.55),
    "grey": (0.22, 0.22, 0.22), "gray": (0.22, 0.22, 0.22), "ash": (0.36, 0.36, 0.35), "charcoal": (0.045, 0.046, 0.05), "black": (0.018, 0.018, 0.02),
    "red": (0.52, 0.035, 0.03), "scarlet": (0.62, 0.05, 0.025), "crimson": (0.38, 0.015, 0.035), "vermilion": (0.62, 0.09, 0.03),
    "maroon": (0.16, 0.012, 0.018), "rust": (0.34, 0.09, 0.028), "pink": (0.72, 0.30, 0.36), "rose": (0.55, 0.14, 0.20), "magenta": (0.52, 0.02, 0.32),
    "orange": (0.68, 0.20, 0.02), "amber": (0.68, 0.32, 0.03), "gold": (0.58, 0.36, 0.07), "golden": (0.58, 0.36, 0.07),
    "bronze": (0.27, 0.15, 0.05), "copper": (0.42, 0.17, 0.08), "yellow": (0.72, 0.52, 0.03), "beige": (0.52, 0.43, 0.30),
    "tan": (0.38, 0.25, 0.13), "khaki": (0.32, 0.28, 0.15), "brown": (0.14, 0.065, 0.028),
    "olive": (0.13, 0.13, 0.03), "green": (0.045, 0.26, 0.06), "emerald": (0.015, 0.24, 0.11), "jade": (0.12, 0.38, 0.24), "lime": (0.30, 0.56, 0.04),
    "mint": (0.38, 0.66, 0.48), "teal": (0.015, 0.18, 0.19), "turquoise": (0.05, 0.44, 0.42), "cyan": (0.04, 0.50, 0.60),
    "sky_blue": (0.20, 0.44, 0.70), "azure": (0.05, 0.28, 0.62), "blue": (0.025, 0.085, 0.44), "indigo": (0.06, 0.03, 0.26), "navy": (0.012, 0.022, 0.085),
    "purple": (0.20, 0.035, 0.34), "violet": (0.28, 0.09, 0.52), "lavender": (0.46, 0.36, 0.66),
}  # fmt: skip
"""Linear Rec.709 albedo as paint or cloth has it in daylight; keys are the ids of the lexicon's colours."""


def rgb_of(colour: str) -> Rgb | None:
    """Linear RGB of a lexicon id; None where the palette does not know it."""
    return COLOURS.get(colour)


def rgbs_of(colours: tuple[str, ...]) -> tuple[Rgb, ...]:
    """Those the palette knows, in the order told."""
    return tuple(COLOURS[c] for c in colours if c in COLOURS)
