"""Decoded frames as RGB for usual screens; film for screens of a high dynamic range is brought down to it.

HLG and PQ film taken for usual film is flat and pale. It is shown as a screen of 1,000 cd/m2 would show it
(ITU-R BT.2100), with reference white at 203 cd/m2 (ITU-R BT.2408) and what is brighter rolled off, in the
colours of ITU-R BT.709. One table of colours does it all, applied by FFmpeg.
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

# FFmpeg's numbers of transfer functions.
PQ, HLG = 16, 18
HIGH_RANGE = (PQ, HLG)
# cd/m2: of the brightest white, and of a sheet of paper.
PEAK, PAPER = 1000.0, 203.0
# What is darker than this share of the screen's white is left alone.
KNEE = 0.5
# Colours a side of the table.
SIDE = 33
# More than eight bits, so that dark tones do not fall into steps.
DEEP = "gbrp16le"

# Linear light, from the primaries of BT.2020 to those of BT.709 (ITU-R BT.2087).
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float64
)
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])


class RgbConverter:
    """Turns the frames of one film into RGB. Not to be shared by threads."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._made_for: tuple[int, int, int] | None = None

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """The picture, uint8, (H, W, 3), as it is stored: neither turned nor mirrored."""
        if frame.color_trc in HIGH_RANGE:
            frame = self._tone_mapped(frame)
        # One thread: for one picture it takes longer to start several.
        return frame.to_ndarray(format="rgb24", threads=1).astype(np.uint8, copy=False)

    def _tone_mapped(self, frame: VideoFrame) -> VideoFrame:
        kind = (frame.color_trc, frame.width, frame.height)
        if self._graph is None or self._made_for != kind:
            self._graph, self._made_for = _table_graph(*kind), kind
        deep = frame.reformat(format=DEEP, threads=1)
        self._graph.vpush(deep)
        return self._graph.vpull()


def _table_graph(transfer: int, width: int, height: int) -> Graph:
    """FFmpeg's filter that looks colours up in a table; it reads the table from a file, once."""
    graph = Graph()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.cube"
        path.write_text(_table(transfer), encoding="ascii")
        source = graph.add_buffer(
            width=width, height=height, format=VideoFormat(DEEP), time_base=Fraction(1, 1000)
        )
        table = graph.add("lut3d", file=str(path), interp="tetrahedral")
        graph.link_nodes(source, table, graph.add("buffersink")).configure()
    return graph


@cache
def _table(transfer: int) -> str:
    """In Adobe's cube format: red changes fastest."""
    steps = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    code = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    colours = standard_code(display_light(code, transfer))
    rows = "\n".join("{:.6f} {:.6f} {:.6f}".format(*colour) for colour in colours.tolist())
    return f"LUT_3D_SIZE {SIDE}\n{rows}\n"


def display_light(code: NDArray[np.floating], transfer: int) -> NDArray[np.float64]:
    """Linear RGB of BT.2020, 1.0 for paper white, of coded RGB 0..1, (..., 3); BT.2100, tables 4 and 5."""
    if transfer == PQ:
        root = code ** (1 / 78.84375)
        light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        return np.minimum(10_000 * light, PEAK) / PAPER
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    luma = (scene @ _LUMA_2020)[..., None]
    return scene * np.maximum(luma, 1e-9) ** 0.2 * PEAK / PAPER


def standard_code(light: NDArray[np.floating]) -> NDArray[np.float64]:
    """Coded RGB 0..1 for usual screens of linear RGB of BT.2020, (..., 3), 1.0 for paper white."""
    light = np.maximum(light @ _TO_709.T, 0)
    peak = PEAK / PAPER
    # The curve that FFmpeg calls mobius: straight up to the knee, with the peak at one.
    low = -(KNEE**2) * (peak - 1) / (KNEE**2 - 2 * KNEE + peak)
    high = (KNEE**2 - 2 * KNEE * peak + peak) / (peak - 1)
    factor = (high**2 + 2 * high * KNEE + KNEE**2) / (high - low)
    rolled = np.where(light <= KNEE, light, factor * (light + low) / (light + high))
    # A screen's own curve (ITU-R BT.1886).
    return np.clip(rolled, 0, 1) ** (1 / 2.4)
