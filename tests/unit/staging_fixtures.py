"""Shot specs that the staging tests share."""

from vr_server.domain.shot import ActionBeat, CameraIntent, ShotSpec, SubjectSpec


def subject(kind: str, *actions: str, **more) -> SubjectSpec:
    more.setdefault("key", kind)
    return SubjectSpec(kind=kind, label=kind, beats=tuple(ActionBeat(action=a) for a in actions or ("stand",)), **more)


LANDING = ShotSpec(
    text="一艘银色宇宙飞船缓缓降落在荒凉的红色星球表面,舱门打开后走出一位戴头盔的宇航员,背景中有两个太阳正在落下。",
    language="zh",
    subjects=(subject("spaceship", "land", "open_hatch"), subject("astronaut", "exit_hatch", wardrobe="spacesuit")),
    place="red_planet",
    time_of_day="sunset",
    suns=2,
    weather=("dust",),
    duration_s=8.0,
)
SWORD = ShotSpec(
    text="一位穿汉服的女子在竹林间舞剑,风吹动她的发丝与衣袂,镜头从低角度仰拍缓缓上升,阳光透过叶隙洒落。",
    language="zh",
    subjects=(subject("woman", "sword_dance", wardrobe="hanfu"),),
    place="bamboo_grove",
    weather=("wind",),
    camera=CameraIntent(angle="low", move="crane_up"),
    duration_s=6.0,
)
STREET = ShotSpec(
    text="Two people walk toward the camera on a tree-lined street at sunset.",
    language="en",
    subjects=(subject("person", "walk", count=2),),
    place="street",
    time_of_day="sunset",
)


def one(kind: str = "man", *actions: str, **more) -> ShotSpec:
    """A spec with a single subject; `more` goes into the spec."""
    more.setdefault("text", f"A {kind}.")
    return ShotSpec(language="en", subjects=(subject(kind, *actions),), **more)
