"""What the check against the planned blocking says to a director, in the shot's language."""

from vr_server.domain.base import Language
from vr_server.domain.shot import ShotSize

from .planned import Floats

_TOLD: dict[str, dict[Language, str]] = {
    "framing": {
        "en": "{who} stands elsewhere than planned: the picture covers {value:.0%} of the planned place.",
        "zh": "{who}不在计划的位置:画面只占计划位置的{value:.0%}。",
    },
    "framing_gone": {
        "en": "{who} was planned to be in the picture and is not.",
        "zh": "按计划{who}应在画面中,但没有出现。",
    },
    "side": {
        "en": "{who} was planned on the {planned} of the frame and stands on the {seen}.",
        "zh": "{who}计划在画面{planned},实际在{seen}。",
    },
    "side_mirrored": {
        "en": "What stands out is on the other side of the frame than planned: {who} should be on the {planned}.",
        "zh": "画面主体在计划的另一侧:{who}应在画面{planned}。",
    },
    "size": {
        "en": "Subjects are {factor:.1f} times as large as planned: planned as {planned}, seen as {seen}.",
        "zh": "主体大小是计划的{factor:.1f}倍:计划为{planned},看起来是{seen}。",
    },
    "size_small": {
        "en": "Subjects look much smaller than planned ({planned}).",
        "zh": "主体看起来比计划({planned})小得多。",
    },
    "size_large": {
        "en": "Subjects look much larger than planned ({planned}).",
        "zh": "主体看起来比计划({planned})大得多。",
    },
    "lean": {
        "en": "The horizon leans by {value:.0f} degrees to the {seen} of what was planned.",
        "zh": "地平线比计划向{seen}倾斜{value:.0f}度。",
    },
    "height": {
        "en": "The horizon lies {value:.0%} of the picture's height {seen} where it was planned.",
        "zh": "地平线比计划{seen}了画面高度的{value:.0%}。",
    },
    "way_other": {
        "en": "The camera was planned to go {planned}; it goes {seen}.",
        "zh": "镜头计划{planned},实际{seen}。",
    },
    "way_besides": {
        "en": "The camera was planned to go {planned}; most of its way goes elsewhere.",
        "zh": "镜头计划{planned},但大部分运动偏离了计划。",
    },
    "way_less": {
        "en": "The camera was planned to go {planned}; it goes {value:.0%} of that way.",
        "zh": "镜头计划{planned},实际只完成了{value:.0%}。",
    },
    "way_still": {
        "en": "The camera was planned to stand still; the picture goes {seen} by {value:.0%} of its width.",
        "zh": "镜头计划固定不动,画面却{seen},幅度为画面宽度的{value:.0%}。",
    },
    "own_motion": {
        "en": "{who} was planned to move; {value:.0%} of that motion is in the picture.",
        "zh": "{who}按计划应有动作,画面中只有{value:.0%}的动作。",
    },
    "untold_nobody": {
        "en": "not measured: no subject is planned in clear sight",
        "zh": "未测量:计划中没有清楚可见的主体",
    },
    "untold_boxes": {
        "en": "not measured: nothing tells where subjects are",
        "zh": "未测量:无法确定主体的位置",
    },
    "untold_middle": {
        "en": "not measured: no subject is planned on one side",
        "zh": "未测量:没有主体计划在画面一侧",
    },
    "untold_fit": {
        "en": "not measured: what stands out does not tell",
        "zh": "未测量:画面主体不够突出",
    },
    "untold_lens": {
        "en": "not measured: the planned lens bends straight lines",
        "zh": "未测量:计划的镜头会使直线弯曲",
    },
    "untold_lines": {
        "en": "not measured: too few straight lines",
        "zh": "未测量:直线太少",
    },
    "untold_sky": {
        "en": "not measured: no open horizon is planned or none is clear",
        "zh": "未测量:没有清楚的地平线",
    },
    "untold_cut": {
        "en": "not measured: the take is not one shot",
        "zh": "未测量:画面中有剪切",
    },
    "untold_motion": {
        "en": "not measured: little motion of subjects is planned",
        "zh": "未测量:计划中主体动作很少",
    },
    "content": {
        "en": "The picture may show what should not be shown ({what}, {value:.0%} sure): look before it is passed on.",
        "zh": "画面可能含有不宜展示的内容({what},把握{value:.0%}):转发前请先查看。",
    },
    "held": {"en": "as planned", "zh": "符合计划"},
}  # fmt: skip

_SIZES: dict[ShotSize, tuple[str, str]] = {
    "extreme_close_up": ("an extreme close-up", "大特写"),
    "close_up": ("a close-up", "特写"),
    "medium_close_up": ("a medium close-up", "近景"),
    "medium": ("a medium shot", "中景"),
    "medium_full": ("a medium full shot", "中全景"),
    "full": ("a full shot", "全景"),
    "wide": ("a wide shot", "远景"),
    "extreme_wide": ("an extreme wide shot", "大远景"),
}
_WAYS = (("right", "向右"), ("left", "向左"), ("down", "向下"), ("up", "向上"), ("away", "后退"), ("closer", "推近"))
_SIDES = {"left": ("left", "左侧"), "right": ("right", "右侧")}
_LEANS = {"left": ("left", "左"), "right": ("right", "右"), "above": ("above", "高"), "below": ("below", "低")}


_UNFIT = {
    "buttocks_exposed": ("bare buttocks", "裸露臀部"),
    "female_breast_exposed": ("bare breasts", "裸露胸部"),
    "female_genitalia_exposed": ("genitals", "裸露生殖器"),
    "male_genitalia_exposed": ("genitals", "裸露生殖器"),
    "anus_exposed": ("bare buttocks", "裸露臀部"),
}


def unfit_word(what: str, language: Language) -> str:
    """Of `networks.UNFIT`."""
    return _UNFIT[what][language == "zh"]


def told(reason: str, language: Language, **facts: object) -> str:
    """The line for a reason, with its facts."""
    return _TOLD[reason][language].format(**facts)


def size_word(size: ShotSize, language: Language) -> str:
    return _SIZES[size][language == "zh"]


def side_word(x: float, language: Language) -> str:
    """Which side of the frame a place (0..1) is on."""
    return _SIDES["left" if x < 0.5 else "right"][language == "zh"]


def lean_word(way: str, language: Language) -> str:
    """Of left, right, above, below."""
    return _LEANS[way][language == "zh"]


def way_word(way: Floats, language: Language) -> str:
    """Where the camera goes when what is seen goes `way` float64 [3] (right, down, growth), the largest part of it."""
    axis = int(abs(way).argmax())
    # what is seen goes left when the camera goes right, and down when it goes up
    towards = {0: "left" if way[0] > 0 else "right", 1: "up" if way[1] > 0 else "down"}
    word = towards.get(axis, "closer" if way[2] > 0 else "away")
    return next(pair for pair in _WAYS if pair[0] == word)[language == "zh"]
