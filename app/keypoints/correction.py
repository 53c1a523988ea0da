"""Corrects a clip of any unit, and says in words what was done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app import pipeline
from app.errors import PosefixError
from app.jobs.batch import describe_correction
from app.keypoints.clip import LENGTHS, PIXELS, SHARES, Clip
from app.result import ModelRecord, Result
from app.smoothing import smooth_others
from corrector import Corrector

NAMED = 6


def correct_clip(clip: Clip, corrector: Corrector, *, where: str, others: bool = False) -> tuple[Clip, str]:
    """The clip corrected, in its own unit, and how much was corrected.

    Args:
        clip: from :func:`app.keypoints.formats.load`.
        where: the file, for the messages.
        others: whether a filter smooths the joints that the corrector does not know.

    Raises:
        PosefixError: the clip lacks times or size, or the corrector knows none of its joints.
    """
    scale = clip.working_scale()
    pixels = clip.in_pixels(None, where) if clip.unit != LENGTHS else clip.scaled((scale, scale), PIXELS)
    result = pixels.to_result(where)
    try:
        corrected = pipeline.correct(result, corrector)
    except ValueError as error:
        if not others:
            raise PosefixError(
                f"{where}: {str(error).rstrip('.')}. Say which joints they are with --skeleton, "
                "or have them filtered with --smooth-others."
            ) from error
        corrected = _uncorrected(result)
    if others:
        corrected = smooth_others(corrected)
    back = pixels.with_corrections(corrected)
    if clip.unit == SHARES:
        back = back.in_shares(where)
    elif clip.unit == LENGTHS:
        back = back.scaled((1 / scale, 1 / scale), LENGTHS)
    # So many pixels large is a person who came in metres: a share of that says more.
    size = scale if clip.unit == LENGTHS else None
    words = describe_correction(corrected) if size is None else _in_lengths(corrected, size)
    left = [] if others else _unknown(corrected)
    if not left:
        return back, words
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    return back, f"{words}; as they were: {', '.join(left[:NAMED])}{more}"


def _in_lengths(result: Result, scale: float) -> str:
    """How much was corrected, in the unit of the file."""
    moved = np.concatenate([person.moved_px[np.isfinite(person.moved_px)] for person in result.people])
    whole = describe_correction(result)
    return (
        f"moved {moved.mean() / scale:.3g} (unit of the file){whole.partition(' px')[2]}"
        if len(moved)
        else whole
    )


def _unknown(result: Result) -> list[str]:
    """Joints that are there, but that the corrector does not know."""
    there, known = (np.zeros(len(result.skeleton.joints), bool) for _ in range(2))
    for person in result.people:
        there |= np.isfinite(person.initial[..., 0]).any(axis=0)
        if person.error_px is not None:
            known |= np.isfinite(person.error_px).any(axis=0)
    return [joint for joint, lost in zip(result.skeleton.joints, there & ~known, strict=True) if lost]


def _uncorrected(result: Result) -> Result:
    """Everybody as they were, for a filter to work on."""
    people = tuple(
        replace(
            person,
            corrected=person.initial[..., :2].copy(),
            error_px=np.full(person.initial.shape[:2], np.nan, np.float32),
            filled=np.zeros(person.initial.shape[:2], bool),
            unsure=np.zeros(person.initial.shape[:2], bool),
        )
        for person in result.people
    )
    return replace(result, people=people, corrector=ModelRecord("none", ""))
