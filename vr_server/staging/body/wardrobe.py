"""What a stand-in wears, as colours and cut."""

from dataclasses import dataclass

from vr_server.domain.staging import Rgb


@dataclass(frozen=True)
class Wardrobe:
    """Colours and cut. `hair`: short, bun, long, none. `skirt`: none, dress, hanfu, coat."""

    skin: Rgb
    hair_colour: Rgb
    top: Rgb
    legs: Rgb
    shoes: Rgb
    accent: Rgb
    hair: str = "short"
    skirt: str = "none"
    wide_sleeves: bool = False
    suit: bool = False  # spacesuit: helmet, pack, thick limbs
    armour: bool = False

    def breadth(self, slender: float) -> float:
        """How wide the dressed body is against an average one; `slender` 0.85 (slight) .. 1.1 (broad)."""
        return slender * (1.25 if self.suit else 1.12 if self.armour else 1.0)
