"""Typed changes said back in one sentence, in the note's language."""

import math

from vr_server.domain.base import Language
from vr_server.domain.note import (
    AngleChange,
    CameraMoveChange,
    Change,
    DistanceChange,
    DurationChange,
    FocusChange,
    HeightChange,
    LensChange,
    MoveMarkChange,
    PlaceChange,
    RegionWordsChange,
    ShotSizeChange,
    SkyChange,
    SpeedChange,
    StyleChange,
    SubjectColourChange,
    SubjectCountChange,
    SubjectScaleChange,
    TimeOfDayChange,
    WeatherChange,
)

from .lexicon import Lexicon

_SCOPES = {
    "en": {"action": "the action", "camera": "the camera move", "both": "the action and the camera move"},
    "zh": {"action": "动作", "camera": "镜头运动", "both": "动作和镜头运动"},
}
_NOT_UNDERSTOOD = {
    "en": 'Not understood, nothing will change; try for example "slower", "move the camera closer", "lower the camera '
    '30 cm", "orbit left 30 degrees", "low angle", "make it night", "close-up", "dolly in" or "make it 6 seconds".',
    "zh": "没有听懂,不作任何改动;可以说:“慢一点”“镜头再近一些”“机位降低30厘米”“向左环绕30度”“仰拍”“改成夜晚”“特写”“推镜头”或“改为6秒”。",
}
_CONTRADICTION = {
    "en": " (the note says two different things; the last one counts)",
    "zh": "(前后说法不一,以最后一个为准)",
}


def explain(changes: tuple[Change, ...], language: Language, lexicon: Lexicon, *, contradictory: bool = False) -> str:
    """One readable sentence: what will change, or what can be said instead when nothing was understood."""
    if not changes:
        return _NOT_UNDERSTOOD[language]
    parts = [_say(change, language, lexicon) for change in changes]
    remark = _CONTRADICTION[language] if contradictory else ""
    if language == "zh":
        return ";".join(parts) + remark + "。"
    sentence = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
    sentence += remark
    return sentence[0].upper() + sentence[1:] + "."


def _say(change: Change, language: Language, lexicon: Lexicon) -> str:
    zh = language == "zh"
    match change:
        case SpeedChange(scope=scope, factor=factor):
            slower = factor < 1
            amount = _percent(factor)
            if zh:
                return f"{_SCOPES['zh'][scope]}{'放慢' if slower else '加快'}{amount}"
            return f"{'slow' if slower else 'speed up'} {_SCOPES['en'][scope]} {'down ' if slower else ''}by {amount}"
        case DistanceChange(factor=factor):
            closer = factor < 1
            if zh:
                return f"镜头{'拉近' if closer else '拉远'}{_percent(factor)}"
            return f"move the camera {_percent(factor)} {'closer' if closer else 'farther away'}"
        case HeightChange(delta_m=delta):
            if zh:
                return f"机位{'升高' if delta > 0 else '降低'}{abs(delta):g}米"
            return f"{'raise' if delta > 0 else 'lower'} the camera by {abs(delta):g} m"
        case AngleChange():
            return _say_angle(change, language, lexicon)
        case DurationChange(duration_s=duration):
            return f"镜头时长改为{duration:g}秒" if zh else f"make the shot {duration:g} seconds long"
        case MoveMarkChange() | RegionWordsChange():
            return _say_by_hand(change, language)
        case TimeOfDayChange() | ShotSizeChange() | CameraMoveChange() | StyleChange() | PlaceChange():
            return _say_named(change, language, lexicon)
        case SubjectColourChange() | SubjectScaleChange() | SubjectCountChange() | FocusChange():
            return _say_subject(change, language, lexicon)
        case _:
            return _say_sky(change, language, lexicon)


def _say_by_hand(change: MoveMarkChange | RegionWordsChange, language: Language) -> str:
    zh = language == "zh"
    if isinstance(change, RegionWordsChange):
        return f"按“{change.text}”重画圈出的区域" if zh else f'draw the region anew from "{change.text}"'
    key, t = change.subject_key, change.t_s
    return f"把{key}在{t:g}秒处的站位移到所指位置" if zh else f"move {key} to the given mark at {t:g} s"


def _say_sky(change: WeatherChange | SkyChange | LensChange, language: Language, lexicon: Lexicon) -> str:
    zh = language == "zh"
    match change:
        case LensChange(lens_mm=mm):
            return f"换成{mm:g}毫米镜头" if zh else f"use a {mm:g} mm lens"
        case WeatherChange(add=add, remove=remove):
            come, gone = (
                ("、" if zh else " and ").join(_name(lexicon, "weather", w, language) for w in ids)
                for ids in (add, remove)
            )
            said = [f"天气加上{come}" if zh else f"add {come}"] if add else []
            said += [f"去掉{gone}" if zh else f"take {gone} away"] if remove else []
        case SkyChange(suns=suns, moons=moons):
            said = []
            for number, one, chinese in ((suns, "sun", "太阳"), (moons, "moon", "月亮")):
                if number is not None:
                    said.append(
                        f"天上{number}个{chinese}" if zh else f"show {number} {one}{'' if number == 1 else 's'}"
                    )
    return (",".join if zh else " and ".join)(said)


def _say_subject(
    change: SubjectColourChange | SubjectScaleChange | SubjectCountChange | FocusChange,
    language: Language,
    lexicon: Lexicon,
) -> str:
    zh, key = language == "zh", change.subject_key
    entry = lexicon.get("subject", key)
    who = entry.name("zh") if zh and entry else key
    match change:
        case SubjectColourChange(colours=colours):
            named = ("、" if zh else " and ").join(_name(lexicon, "colour", c, language) for c in colours)
            return f"{who}改为{named}" if zh else f"make the {who} {named}"
        case SubjectScaleChange(factor=factor):
            bigger = factor > 1
            if zh:
                return f"{who}{'放大' if bigger else '缩小'}{_percent(factor)}"
            return f"make the {who} {_percent(factor)} {'bigger' if bigger else 'smaller'}"
        case SubjectCountChange(count=count):
            return f"{who}改为{count}个" if zh else f"show {count} of: {who}"
        case FocusChange():
            return f"聚焦于{who}" if zh else f"focus on the {who}"


def _say_angle(change: AngleChange, language: Language, lexicon: Lexicon) -> str:
    if change.angle:
        name = _name(lexicon, "angle", change.angle, language)
        return f"镜头角度改为{name}" if language == "zh" else f"change the camera angle to {name}"
    degrees = round(math.degrees(abs(change.yaw_delta_rad)))
    left = change.yaw_delta_rad > 0
    if language == "zh":
        return f"镜头绕主体向{'左' if left else '右'}转{degrees}度"
    return f"orbit the camera {degrees} degrees to the {'left' if left else 'right'}"


def _say_named(
    change: TimeOfDayChange | ShotSizeChange | CameraMoveChange | StyleChange | PlaceChange,
    language: Language,
    lexicon: Lexicon,
) -> str:
    match change:
        case TimeOfDayChange(time_of_day=value):
            category, english, chinese = "time", "set the time of day to ", "时间改为"
        case ShotSizeChange(shot_size=value):
            category, english, chinese = "shot_size", "change the shot size to ", "景别改为"
        case CameraMoveChange(move=value):
            category, english, chinese = "move", "change the camera move to ", "运镜改为"
        case StyleChange(style=value):
            category, english, chinese = "style", "change the look to ", "风格改为"
        case PlaceChange(place=value):
            category, english, chinese = "place", "change the place to ", "地点改为"
    name = _name(lexicon, category, value, language)
    return (chinese if language == "zh" else english) + name


def _name(lexicon: Lexicon, category: str, entry_id: str, language: Language) -> str:
    entry = lexicon.get(category, entry_id)
    return entry.name(language) if entry else entry_id


def _percent(factor: float) -> str:
    return f"{abs(round((factor - 1) * 100))}%"
