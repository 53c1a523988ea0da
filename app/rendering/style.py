"""How an overlay looks: colours, sizes, what is drawn."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]
DRAWN = ("both", "initial", "corrected")
BACKGROUNDS = ("video", "black")
HIDDEN_FACES = ("blur", "black")
# Pixels of a radius or a thickness; beyond it a joint hides the person.
LARGEST = 500
LONGEST_TRAIL_SECONDS = 60.0
WHITE, BLACK = (255, 255, 255), (0, 0, 0)

# Of people's boxes and ids: Okabe and Ito's colours (Color Universal Design, 2008), which people with any
# kind of colour blindness tell apart, without those near the red and the yellow of joints.
PEOPLE_COLOURS: tuple[Colour, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (90, 90, 90),
)


@dataclass(frozen=True)
class SideColours:
    """Of what is drawn on the body's right side, on its left side and in the middle."""

    right: Colour
    left: Colour
    middle: Colour


@dataclass(frozen=True)
class Style:
    """How an overlay looks. Colours are RGB, 0..255.

    Attributes:
        initial_colour, corrected_colour: of joints and limbs.
        radius, thickness: of corrected joints and limbs, in pixels; None: by the size of each person.
        draw: both, initial or corrected.
        background: video, or black for the skeleton alone.
        min_score: initial joints estimated with less are not drawn.
        tags: draw a box with the id around each person, in a colour of their own.
        sides: tell the body's left side, in cold colours, from its right side.
        trail_seconds: draw the way that joints came in the last so many seconds; 0: none.
        trail_joints: whose way; empty: the ends of the limbs, as are head, wrists and ankles.
        side_by_side: initial joints in a picture on the left, corrected ones on the right.
        hide_faces: blur or black; None: faces are shown. See :mod:`app.rendering.heads`.

    Raises:
        ValueError: a value is out of its range; the message names the field and the range.
    """

    initial_colour: Colour = (230, 30, 30)
    corrected_colour: Colour = (255, 225, 0)
    radius: float | None = None
    thickness: int | None = None
    draw: str = "both"
    background: str = "video"
    min_score: float = 0.2
    tags: bool = False
    sides: bool = False
    trail_seconds: float = 0.0
    trail_joints: tuple[str, ...] = ()
    side_by_side: bool = False
    hide_faces: str | None = None

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("radius", self.radius, 0.5, LARGEST),
            ("thickness", self.thickness, 1, LARGEST),
            ("min_score", self.min_score, 0, 1),
            ("trail", self.trail_seconds, 0, LONGEST_TRAIL_SECONDS),
        ):
            # Written so that NaN is refused, too.
            if value is not None and not low <= value <= high:
                raise ValueError(f"Invalid {name} ({value}). Supported values are {low:g} to {high:g}.")
        for name, choice, choices in (
            ("draw", self.draw, DRAWN),
            ("background", self.background, BACKGROUNDS),
            ("anonymise", self.hide_faces, (None, *HIDDEN_FACES)),
        ):
            if choice not in choices:
                known = ", ".join(value for value in choices if value is not None)
                raise ValueError(f"Invalid {name} ({choice}). Supported values are {known}.")
        if self.side_by_side and self.draw != "both":
            raise ValueError(f"Invalid draw ({self.draw}). Supported values with side_by_side are both.")

    @property
    def initial_colours(self) -> SideColours:
        """Dark ones: red, and on the left side violet where sides are told apart."""
        if not self.sides:
            return SideColours(*(self.initial_colour,) * 3)
        return SideColours(right=self.initial_colour, left=(165, 60, 230), middle=(130, 130, 130))

    @property
    def corrected_colours(self) -> SideColours:
        """Bright ones: yellow, and on the left side sky-blue where sides are told apart."""
        if not self.sides:
            return SideColours(*(self.corrected_colour,) * 3)
        return SideColours(right=self.corrected_colour, left=(90, 200, 255), middle=WHITE)
