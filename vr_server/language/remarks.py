"""What could not be taken in, said in one readable line each, in the prompt's language."""

from vr_server.domain.base import Language

_LINES = {
    "cut": {
        "en": "The text has {all} characters: the first {kept} are read, the rest is left out.",
        "zh": "文本共{all}字:只读取前{kept}字,其余略去。",
    },
    "times": {"en": "Two times of day: {left} is left out, it is {kept}.", "zh": "时间前后矛盾:略去“{left}”,按“{kept}”处理。"},
    "places": {"en": "One place per shot: {left} is left out, it is {kept}.", "zh": "一个镜头一个地点:略去“{left}”,按“{kept}”处理。"},
    "indoors": {
        "en": "Indoors and outdoors at once: {left} is left out, it is {kept}.",
        "zh": "室内外矛盾:略去“{left}”,按“{kept}”处理。",
    },
    "styles": {"en": "One look per shot: {left} is left out, it is {kept}.", "zh": "一个镜头一种风格:略去“{left}”,按“{kept}”处理。"},
    "sizes": {
        "en": "Two shot sizes at once: {left} is left out, it is {kept}.",
        "zh": "景别前后矛盾:略去“{left}”,按“{kept}”处理。",
    },
    "angles": {
        "en": "Two camera angles at once: {left} is left out, it is {kept}.",
        "zh": "机位角度前后矛盾:略去“{left}”,按“{kept}”处理。",
    },
    "beats": {"en": "Only the first {kept} camera moves fit into the shot.", "zh": "一个镜头只容得下前{kept}个运镜。"},
    "still": {
        "en": "A camera that stands still and moves: the stillness is left out.",
        "zh": "镜头既固定又运动:略去“固定”。",
    },
    "suns": {"en": "{kept} of the {all} suns are shown.", "zh": "{all}个太阳只显示{kept}个。"},
    "moons": {"en": "{kept} of the {all} moons are shown.", "zh": "{all}个月亮只显示{kept}个。"},
    "count": {"en": "{kept} of the {all} ({label}) are shown.", "zh": "{label}共{all}个,只显示{kept}个。"},
    "subject": {"en": "{label} is left out: the shot is full.", "zh": "画面已满:略去“{label}”。"},
    "words": {"en": "No room to show these unknown words: {label}.", "zh": "这些未知词没有显示:{label}。"},
}  # fmt: skip


class Remarks:
    """Collects the lines; each once."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._lines: dict[str, None] = {}

    def say(self, what: str, **values: object) -> None:
        """`what` names the line; `values` fill it."""
        self._lines[_LINES[what][self.language].format(**values)] = None

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(self._lines)
