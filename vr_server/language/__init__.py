"""A director's language: the film lexicon, prompts read into shot specs, notes read into typed changes."""

from .compile import compile_prompt
from .lexicon import Lexicon, load_lexicon
from .notes import Interpretation, interpret
from .spec import Setting, names_a_sight, parse_spec, reads_as_setting
from .text import detect_language

__all__ = [
    "Interpretation",
    "Lexicon",
    "Setting",
    "compile_prompt",
    "detect_language",
    "interpret",
    "load_lexicon",
    "names_a_sight",
    "parse_spec",
    "reads_as_setting",
]
