"""Draws a body: clothes, skin, hair and face, its far limbs first."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators.datasets.synthetic.body import DrawnBody
from estimators.skeletons import JOINTS

Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]
# Bits of fraction that OpenCV takes in coordinates.
SHIFT = 4
SKINS = ((255, 219, 190), (236, 188, 150), (198, 140, 100), (141, 90, 60), (90, 56, 40))
HAIRS = ((30, 24, 20), (80, 50, 30), (140, 100, 50), (200, 170, 110), (120, 120, 120))


@dataclass(frozen=True)
class Appearance:
    """Colours (RGB) and clothes.

    Attributes:
        sleeves, legs: how much of the arm and the leg is clothed: 0 none, 1 the upper part, 2 all.
        girth: thickness of limbs and torso; 1 is usual.
    """

    skin: Colour = SKINS[1]
    hair: Colour = HAIRS[1]
    shirt: Colour = (60, 90, 160)
    trousers: Colour = (60, 60, 70)
    shoes: Colour = (30, 30, 30)
    sleeves: int = 1
    legs: int = 2
    girth: float = 1.0

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Appearance:
        """Somebody or other."""

        def cloth() -> Colour:
            red, green, blue = rng.integers(15, 245, 3)
            return int(red), int(green), int(blue)

        return cls(
            skin=SKINS[rng.integers(len(SKINS))],
            hair=HAIRS[rng.integers(len(HAIRS))],
            shirt=cloth(),
            trousers=cloth(),
            shoes=cloth(),
            sleeves=int(rng.integers(3)),
            legs=int(rng.integers(1, 3)),
            girth=float(rng.uniform(0.85, 1.25)),
        )


def draw_body(picture: Picture, body: DrawnBody, appearance: Appearance) -> None:
    """Draws the body onto ``picture`` (uint8, (H, W, 3), RGB), in place."""
    painter = _Painter(picture, body, appearance)
    depth = dict(zip(JOINTS, body.depth, strict=True))
    sides = sorted(("left", "right"), key=lambda side: depth[f"{side}_shoulder"])
    far, near = sides
    # A hand before the body is drawn after it, one behind the body before it.
    behind = [side for side in sides if depth[f"{side}_wrist"] < 0 and side == far]
    for side in behind:
        painter.arm(side)
    painter.leg(far)
    painter.leg(near)
    painter.torso()
    painter.head()
    for side in sides:
        if side not in behind:
            painter.arm(side)


def draw_background(rng: np.random.Generator, *, size: tuple[int, int]) -> Picture:
    """A picture with nobody in it, (height, width) in ``size``: uint8, (H, W, 3), RGB."""
    height, width = size
    coarse = rng.integers(20, 235, (int(rng.integers(2, 7)), int(rng.integers(2, 7)), 3)).astype(np.uint8)
    picture = np.ascontiguousarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    for _ in range(int(rng.integers(0, 14))):
        colour = tuple(int(c) for c in rng.integers(0, 255, 3))
        x, y = rng.integers(0, width), rng.integers(0, height)
        extent = rng.integers(4, max(5, min(size) // 2), 2)
        if rng.random() < 0.5:
            cv2.rectangle(picture, (int(x), int(y)), (int(x + extent[0]), int(y + extent[1])), colour, -1)
        else:
            angle = float(rng.uniform(0, 180))
            cv2.ellipse(picture, (int(x), int(y)), extent.tolist(), angle, 0, 360, colour, -1, cv2.LINE_AA)
    fine = rng.normal(0, rng.uniform(2, 18), (height // 2 + 1, width // 2 + 1, 1))
    return add_grain(cv2.blur(picture, (3, 3)), cv2.resize(fine, (width, height)))


def add_grain(picture: NDArray, grain: NDArray) -> Picture:
    """The picture with the same (H, W) ``grain`` in its three colours, as from a camera in poor light."""
    steps = np.floor(grain).astype(np.int16)
    # In sixteen bits and saturating: several times as fast as adding and clipping arrays of floats.
    return cv2.add(picture, cv2.merge([steps] * 3), dtype=cv2.CV_8U).astype(np.uint8, copy=False)


class _Painter:
    """Draws parts of one body onto one picture."""

    def __init__(self, picture: Picture, body: DrawnBody, appearance: Appearance) -> None:
        self._picture = picture
        self._at = dict(zip(JOINTS, body.keypoints, strict=True))
        self._unit = body.height * appearance.girth
        self._height = body.height
        self._look = appearance
        # Cosine: facing the viewer; sine: how far the face has turned to the viewer's left.
        self._facing, self._aside = float(np.cos(body.yaw)), float(np.sin(body.yaw))

    def arm(self, side: str) -> None:
        """Upper arm, forearm and hand."""
        look, unit = self._look, self._unit
        shoulder, elbow, wrist = (self._at[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist"))
        hand = wrist + 0.3 * (wrist - elbow)
        self._tapered(wrist, hand, 0.018 * unit, 0.014 * unit, look.skin)
        lower = look.shirt if look.sleeves == 2 else look.skin
        upper = look.shirt if look.sleeves >= 1 else look.skin
        self._tapered(elbow, wrist, 0.024 * unit, 0.016 * unit, lower)
        self._tapered(shoulder, elbow, 0.034 * unit, 0.025 * unit, upper)

    def leg(self, side: str) -> None:
        """Thigh, shin and shoe."""
        look, unit = self._look, self._unit
        hip, knee, ankle = (self._at[f"{side}_{part}"] for part in ("hip", "knee", "ankle"))
        down = (ankle - knee) / max(1e-6, float(np.linalg.norm(ankle - knee)))
        toe = ankle + down * 0.03 * self._height + np.array([-self._aside * 0.07 * self._height, 0])
        self._tapered(ankle + down * 0.02 * self._height, toe, 0.024 * unit, 0.02 * unit, look.shoes)
        lower = look.trousers if look.legs == 2 else look.skin
        self._tapered(knee, ankle, 0.036 * unit, 0.022 * unit, lower)
        self._tapered(hip, knee, 0.054 * unit, 0.038 * unit, look.trousers)

    def torso(self) -> None:
        """Shirt, belt and neck."""
        look, unit, at = self._look, self._unit, self._at
        self._tapered(at["neck"], at["head"], 0.026 * unit, 0.026 * unit, look.skin)
        shoulders = [at["left_shoulder"], at["right_shoulder"]]
        hips = [at["left_hip"], at["right_hip"]]
        # Thickness keeps a body that is seen from the side from vanishing.
        outline = [*shoulders, *reversed(hips)]
        self._padded(outline, 0.036 * unit, _mixed(look.shirt, 0, 0.18))
        self._padded([(p * 7 + outline[0]) / 8 for p in outline], 0.026 * unit, look.shirt)
        self._padded(hips, 0.05 * unit, look.trousers)

    def head(self) -> None:
        """Head, hair and, where it is seen, the face."""
        look, at, height = self._look, self._at, self._height
        up = at["head_top"] - at["neck"]
        up = up / max(1e-6, float(np.linalg.norm(up)))
        across = np.array([-up[1], up[0]])
        middle = at["head_top"] - up * 0.065 * height
        angle = float(np.degrees(np.arctan2(up[0], -up[1])))
        axes = (0.048 * height, 0.067 * height)
        self._ellipse(middle + up * 0.004 * height, (axes[0] * 1.1, axes[1] * 1.06), angle, look.hair)
        if self._facing < -0.3:
            return
        # The face slides round the head as it turns away.
        slide = -across * self._aside * 0.018 * height
        self._ellipse(
            middle - up * 0.012 * height + slide, (axes[0] * 0.88, axes[1] * 0.84), angle, look.skin
        )
        dark = _mixed(look.skin, 0, 0.75)
        for eye in (-1, 1):
            spot = middle + 2.2 * slide + across * eye * 0.019 * height * max(0.35, self._facing)
            self._ellipse(spot + up * 0.004 * height, (0.007 * height, 0.005 * height), angle, dark)
        mouth = middle + 2.2 * slide - up * 0.034 * height
        self._ellipse(mouth, (0.015 * height, 0.004 * height), angle, _mixed(look.skin, 60, 0.5))

    def _tapered(self, start: NDArray, end: NDArray, first: float, last: float, colour: Colour) -> None:
        """A limb, round at its ends, lit from the upper left."""
        along = end - start
        across = np.array([-along[1], along[0]]) / max(1e-6, float(np.linalg.norm(along)))
        lit = across if across[0] + across[1] < 0 else -across
        for share, shade in (
            (1.0, _mixed(colour, 0, 0.18)),
            (0.62, colour),
            (0.25, _mixed(colour, 255, 0.14)),
        ):
            shift = lit * (1 - share) * 0.5
            a, b = start + shift * first, end + shift * last
            w, v = across * first * share, across * last * share
            self._polygon([a + w, b + v, b - v, a - w], shade)
            self._ellipse(a, (first * share, first * share), 0, shade)
            self._ellipse(b, (last * share, last * share), 0, shade)

    def _padded(self, points: list[NDArray], radius: float, colour: Colour) -> None:
        """The convex outline, grown by ``radius``: the hull of circles at its corners."""
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        circle = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        cloud = np.concatenate([point + circle for point in points]).astype(np.float32)
        self._polygon(list(cv2.convexHull(cloud)[:, 0]), colour)

    def _polygon(self, points: list[NDArray], colour: Colour) -> None:
        fixed = np.round(np.array(points) * (1 << SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(self._picture, fixed, colour, cv2.LINE_AA, SHIFT)

    def _ellipse(self, middle: NDArray, axes: tuple[float, float], angle: float, colour: Colour) -> None:
        scale = 1 << SHIFT
        centre = (round(float(middle[0]) * scale), round(float(middle[1]) * scale))
        radii = (max(1, round(axes[0] * scale)), max(1, round(axes[1] * scale)))
        cv2.ellipse(self._picture, centre, radii, angle, 0, 360, colour, -1, cv2.LINE_AA, SHIFT)


def _mixed(colour: Colour, other: int, share: float) -> Colour:
    """The colour, brought nearer to the grey ``other``."""
    red, green, blue = (round(c + (other - c) * share) for c in colour)
    return red, green, blue
