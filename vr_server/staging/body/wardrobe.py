"""What a stand-in looks like and wears, as colours and cut."""

from dataclasses import dataclass

from vr_server.domain.staging import Rgb


@dataclass(frozen=True)
class Wardrobe:
    """Colours and cut. `hair`: short, crop, bob, bun, long, none. `skirt`: none, dress, hanfu, coat. `collar`: crew, shirt,
    lapels, crossed, stand, none. `hat`: what is on the head, or "". `age`: child, adult, elder."""

    skin: Rgb
    hair_colour: Rgb
    top: Rgb
    legs: Rgb
    shoes: Rgb
    accent: Rgb
    hair: str = "short"
    skirt: str = "none"
    collar: str = "crew"
    hat: str = ""
    wide_sleeves: bool = False
    suit: bool = False  # spacesuit: helmet, pack, thick limbs
    armour: bool = False
    female: bool = False
    age: str = "adult"
    beard: bool = False
    boots: bool = False
    jacket: bool = False  # a shirt shows in the opening of the collar
    badge: bool = False
    fine: bool = True  # False: one of a crowd, with fewer triangles

    def breadth(self, slender: float) -> float:
        """How wide the dressed body is against an average one; `slender` 0.85 (slight) .. 1.1 (broad)."""
        return slender * (1.25 if self.suit else 1.1 if self.armour else 1.0)

    @property
    def head_scale(self) -> float:
        """Against an adult's head of the same height: a child's is a fifth larger."""
        return 1.22 if self.age == "child" else 1.0
