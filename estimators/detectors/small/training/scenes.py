"""Made pictures to train on: people of all sizes put onto backgrounds.

Photos that show people and photos that do not are pasted in the same way, so that the edge of what was
pasted says nothing; drawn people have no such edge at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators.boxes import enclosing, padded
from estimators.datasets.synthetic import JOINTS as DRAWN_JOINTS
from estimators.datasets.synthetic import Appearance, draw_background, draw_body, place
from estimators.datasets.synthetic.sampling import random_pose
from estimators.detectors.small.training.photos import ANCHOR_JOINTS, PAD, Photo

Picture = NDArray[np.uint8]
SMALLEST, LARGEST = 18.0, 300.0  # longer side of people, in pixels of the scene
LARGEST_ZOOM = 2.5
MOST_PATCHES = 5
TURNED = 0.3


@dataclass
class Scene:
    """A picture and the people in it.

    Attributes:
        picture: uint8, (side, side, 3), RGB.
        anchors: (people, 2): x, y of the middle between the shoulders.
        boxes: (people, 4): x1, y1, x2, y2; NaN where an edge is not known.
        sureness: (side, side): what a cell without a person counts; less where somebody unlabelled may be.
    """

    picture: Picture
    sureness: NDArray[np.float32]
    anchors: list[NDArray[np.float32]] = field(default_factory=list)
    boxes: list[NDArray[np.float32]] = field(default_factory=list)

    def cover(self, x1: int, y1: int, x2: int, y2: int) -> None:
        """Forgets those whose shoulders something new hides."""
        kept = [i for i, (x, y) in enumerate(self.anchors) if not (x1 <= x < x2 and y1 <= y < y2)]
        self.anchors = [self.anchors[i] for i in kept]
        self.boxes = [self.boxes[i] for i in kept]

    def add(self, anchor: NDArray[np.float32], box: NDArray[np.float32]) -> None:
        """Adds a person, cut off at the picture's edges, if the shoulders are in it."""
        side = len(self.picture)
        if (anchor >= 0).all() and (anchor <= side - 1).all():
            self.anchors.append(anchor)
            self.boxes.append(np.clip(box, 0, side))


class SceneMaker:
    """Makes scene n of a run: all that is random follows from the seed and n.

    Args:
        photos: groups of them, with one labelled person each.
        shares: how often each group is drawn from; those without a share as often as the others in the mean.
        empty: photos without people.
        side: of the scenes, in pixels.
        seed: of everything random.
    """

    def __init__(
        self,
        photos: Mapping[str, Sequence[Photo]],
        *,
        shares: Mapping[str, float],
        empty: Sequence[Picture],
        side: int,
        seed: int,
    ) -> None:
        self._photos, self._empty, self._side, self._seed = list(photos.values()), empty, side, seed
        drawn = np.array([shares[name] for name in photos])
        self._shares = drawn / drawn.sum()

    def make(self, number: int) -> Scene:
        """Scene ``number``."""
        rng = np.random.default_rng((self._seed, number))
        scene = self._background(rng)
        for _ in range(int(rng.integers(0, MOST_PATCHES + 1))):
            kind = rng.random()
            if kind < 0.5:
                self._paste_person(rng, scene)
            elif kind < 0.68:
                self._draw_person(rng, scene)
            else:
                self._paste_empty(rng, scene)
        if rng.random() < 0.5:
            _mirror(scene)
        scene.picture = _recoloured(rng, scene.picture)
        return scene

    def _background(self, rng: np.random.Generator) -> Scene:
        side = self._side
        if rng.random() < 0.15:
            picture = draw_background(rng, size=(side, side))
        else:
            picture = _crop_of(rng, self._empty[int(rng.integers(len(self._empty)))], side, side)
        scene = Scene(np.ascontiguousarray(picture), np.ones((side, side), np.float32))
        if rng.random() < 0.35:
            self._paste_person(rng, scene, longest=0.9 * side, shortest=0.2 * side, whole=True)
        return scene

    def _paste_person(
        self,
        rng: np.random.Generator,
        scene: Scene,
        *,
        shortest: float = SMALLEST,
        longest: float = LARGEST,
        whole: bool = False,
    ) -> None:
        photos = self._photos[rng.choice(len(self._photos), p=self._shares)]
        photo = photos[int(rng.integers(len(photos)))]
        if rng.random() < TURNED:
            # People lie, hang and tumble. Who is cut off at the hips has no lower edge when turned.
            photo = photo.turned(float(rng.uniform(-180, 180) if photo.whole else rng.normal(0, 10)))
        wanted = float(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
        scale = min(wanted / photo.extent, LARGEST_ZOOM)
        picture = _scaled(photo.picture, scale)
        x1, y1, x2, y2 = _around(rng, photo.box * scale, picture, room=10.0 if whole else 1.5)
        picture = picture[y1:y2, x1:x2]
        origin = np.array([x1, y1], np.float32)
        anchor = photo.anchor * scale - origin
        box = photo.box * scale - np.tile(origin, 2)
        at = rng.integers(-4, self._side + 4, 2) - anchor.astype(int)
        if rng.random() < 0.7:  # mostly in full view
            at = np.clip(at, 0, np.maximum(0, self._side - np.array(picture.shape[1::-1])))
        region = _paste(rng, scene, picture, at)
        if region is None:
            return
        scene.cover(*region)
        # Who stands beside the labelled person was not labelled.
        rx1, ry1, rx2, ry2 = region
        scene.sureness[ry1:ry2, rx1:rx2] = 0.3
        scene.add(anchor + at.astype(np.float32), box + np.tile(at, 2).astype(np.float32))

    def _draw_person(self, rng: np.random.Generator, scene: Scene) -> None:
        height = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
        pelvis = rng.uniform(0, self._side, 2)
        body = place(random_pose(rng), height=height, pelvis=(float(pelvis[0]), float(pelvis[1])))
        joints = body.keypoints.astype(np.float32)
        outline = enclosing(joints)
        draw_body(scene.picture, body, Appearance.sample(rng))
        x1, y1 = np.floor(outline[:2]).astype(int)
        x2, y2 = np.ceil(outline[2:]).astype(int)
        scene.cover(int(x1), int(y1), int(x2), int(y2))
        anchor = joints[[DRAWN_JOINTS.index(name) for name in ANCHOR_JOINTS]].mean(axis=0)
        scene.add(anchor, padded(outline, PAD))

    def _paste_empty(self, rng: np.random.Generator, scene: Scene) -> None:
        width, height = np.exp(rng.uniform(np.log(SMALLEST), np.log(0.8 * self._side), 2)).astype(int)
        photo = self._empty[int(rng.integers(len(self._empty)))]
        patch = _crop_of(rng, photo, int(width), int(height))
        region = _paste(rng, scene, patch, rng.integers(-10, self._side - 4, 2))
        if region is not None:
            scene.cover(*region)
            x1, y1, x2, y2 = region
            scene.sureness[y1:y2, x1:x2] = 1.0


def _scaled(picture: Picture, scale: float) -> Picture:
    size = (max(2, round(picture.shape[1] * scale)), max(2, round(picture.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _around(
    rng: np.random.Generator, box: NDArray[np.float32], picture: Picture, *, room: float
) -> tuple[int, int, int, int]:
    """A part of the picture that holds the box, with up to ``room`` times its longer side around it."""
    height, width = picture.shape[:2]
    known = np.where(np.isfinite(box), box, [0, 0, width, height])
    margins = rng.uniform(0, 1, 4) ** 2 * room * float((known[2:] - known[:2]).max())
    x1, y1 = np.clip(np.floor(known[:2] - margins[:2]), 0, [width - 2, height - 2]).astype(int)
    x2, y2 = np.clip(np.ceil(known[2:] + margins[2:]), [x1 + 2, y1 + 2], [width, height]).astype(int)
    return int(x1), int(y1), int(x2), int(y2)


def _crop_of(rng: np.random.Generator, photo: Picture, width: int, height: int) -> Picture:
    """Some part of a photo, some way up, in the size that is wanted."""
    part = rng.uniform(0.25, 1.0) if min(width, height) > 100 else rng.uniform(0.08, 0.6)
    photo_height, photo_width = photo.shape[:2]
    share = part * min(photo_width / width, photo_height / height)
    w, h = max(2, int(width * share)), max(2, int(height * share))
    x, y = rng.integers(0, photo_width - w + 1), rng.integers(0, photo_height - h + 1)
    how = cv2.INTER_AREA if share > 1 else cv2.INTER_LINEAR
    crop = cv2.resize(photo[y : y + h, x : x + w], (width, height), interpolation=how)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.1:
        crop = crop[::-1]
    return np.asarray(crop, np.uint8)


def _paste(
    rng: np.random.Generator, scene: Scene, patch: Picture, at: NDArray[np.int64]
) -> tuple[int, int, int, int] | None:
    """Puts a patch into the picture, its edges hard or soft; gives the region that it covers."""
    side = len(scene.picture)
    height, width = patch.shape[:2]
    x1, y1 = np.maximum(at, 0)
    x2, y2 = min(int(at[0]) + width, side), min(int(at[1]) + height, side)
    if x2 - x1 < 4 or y2 - y1 < 4:
        return None
    patch = patch[y1 - at[1] : y2 - at[1], x1 - at[0] : x2 - at[0]]
    target = scene.picture[y1:y2, x1:x2]
    soft = int(rng.integers(0, 1 + max(1, min(target.shape[:2]) // 10)))
    if soft < 2:
        target[:] = patch
    else:
        rows, columns = (
            np.minimum(1.0, np.minimum(np.arange(n) + 1, n - np.arange(n)) / soft) for n in target.shape[:2]
        )
        opacity = (rows[:, None] * columns[None]).astype(np.float32)[..., None]
        target[:] = (target + opacity * (patch.astype(np.float32) - target)).astype(np.uint8)
    return int(x1), int(y1), int(x2), int(y2)


def _mirror(scene: Scene) -> None:
    side = len(scene.picture)
    scene.picture = np.ascontiguousarray(scene.picture[:, ::-1])
    scene.sureness = scene.sureness[:, ::-1]
    scene.anchors = [np.array([side - 1 - x, y], np.float32) for x, y in scene.anchors]
    scene.boxes = [np.array([side - b[2], b[1], side - b[0], b[3]], np.float32) for b in scene.boxes]


def _recoloured(rng: np.random.Generator, picture: Picture) -> Picture:
    """Another light, now and then grey, blurred or with grain."""
    levels = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.uniform(-0.4, 0.4))
    contrast = rng.uniform(0.6, 1.3) * rng.uniform(0.88, 1.12, 3)
    table = np.clip((levels - 0.5) * contrast + 0.5 + rng.uniform(-0.12, 0.12), 0, 1) * 255
    picture = np.asarray(cv2.LUT(picture, table.astype(np.uint8).reshape(256, 1, 3)), np.uint8)
    kind = rng.random()
    if kind < 0.1:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    if 0.05 < kind < 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.3))), np.uint8)
    elif kind < 0.35:
        grain = rng.normal(0, rng.uniform(2, 10), picture.shape[:2]).astype(np.int16)
        picture = np.asarray(cv2.add(picture, cv2.merge([grain] * 3), dtype=cv2.CV_8U), np.uint8)
    return picture
