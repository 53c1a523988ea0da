"""Finds estimators by name through the entry points of the installed packages, and builds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimators.interface import Estimator

if TYPE_CHECKING:
    import torch

GROUP = "posefix.estimators"
ARGUMENT, FAST = "argument", "fast"
NOT_OPTIONS = ("device", "weights", ARGUMENT, FAST)
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def available() -> tuple[str, ...]:
    """Names that :func:`create` takes, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def create(
    name: str,
    *,
    device: torch.device,
    weights: Path | None = None,
    fast: bool = False,
    options: Mapping[str, str] | None = None,
) -> Estimator:
    """Builds an estimator, with its own default weights unless some are given.

    Args:
        name: one of :func:`available`, with ``:ARGUMENT`` behind it where the estimator takes one.
        device: to run on.
        weights: a file of the estimator's own kind.
        fast: its quicker way for video. Frames may then depend on those before them and must come in order.
        options: of ``--estimator-option``, as they were written: texts by key.

    Raises:
        ValueError: no estimator has that name, its package is not there, it has no fast mode, or it takes no
            such argument, option or value; the message lists what it takes.
        weights.WeightsError: its weights are missing or damaged.
    """
    short, colon, argument = name.partition(":")
    factory = _point(short).load()
    taken = inspect.signature(factory).parameters
    arguments: dict[str, Any] = {
        "device": device,
        "weights": weights,
        **_converted(short, taken, options or {}),
    }
    if ARGUMENT in taken:
        if not argument:
            raise ValueError(f"Invalid estimator ({name}). Supported values are {short}:{metavar(factory)}.")
        arguments[ARGUMENT] = argument
    elif colon:
        raise ValueError(f"Invalid estimator ({name}): {short} takes nothing behind a colon. Write {short}.")
    if fast:
        if FAST not in taken:
            raise ValueError(f"Invalid --fast: {name} has no fast mode. Leave it out, or use yr.")
        arguments[FAST] = True
    return factory(**arguments)


def parse_options(pairs: Sequence[str]) -> dict[str, str]:
    """``key=value`` texts as a mapping.

    Raises:
        ValueError: a text without ``=``, or a key named twice.
    """
    options: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ValueError(
                f"Invalid estimator option ({pair}). Supported values are of the form key=value."
            )
        if key in options:
            raise ValueError(f"Invalid estimator option ({pair}): {key} is given twice. Give it once.")
        options[key] = value
    return options


def option_keys(name: str) -> tuple[str, ...]:
    """Keys of ``--estimator-option`` that an estimator takes.

    Raises:
        ValueError: no estimator has that name.
    """
    return tuple(_options(inspect.signature(_point(name.partition(":")[0]).load()).parameters))


def written(name: str) -> str:
    """How an estimator is written: ``sfn``, ``onnx:FILE.onnx``.

    Raises:
        ValueError: no estimator has that name.
    """
    factory = _point(name).load()
    return f"{name}:{metavar(factory)}" if ARGUMENT in inspect.signature(factory).parameters else name


def takes(text: str) -> Callable[[Callable[..., Estimator]], Callable[..., Estimator]]:
    """Says of a factory with an ``argument`` what stands for it in messages."""

    def mark(factory: Callable[..., Estimator]) -> Callable[..., Estimator]:
        factory.__dict__["metavar"] = text
        return factory

    return mark


def metavar(factory: Callable[..., Estimator]) -> str:
    """What stands for an estimator's argument in messages: as :func:`takes` says, or ``ARGUMENT``."""
    return getattr(factory, "metavar", "ARGUMENT")


def _point(name: str) -> EntryPoint:
    for point in entry_points(group=GROUP):
        if point.name == name:
            return point
    raise ValueError(f"Invalid estimator ({name}). Supported values are {', '.join(available())}.")


def _options(taken: Mapping[str, inspect.Parameter]) -> dict[str, inspect.Parameter]:
    return {
        key.replace("_", "-"): parameter
        for key, parameter in taken.items()
        if key not in NOT_OPTIONS and parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _converted(
    name: str, taken: Mapping[str, inspect.Parameter], options: Mapping[str, str]
) -> dict[str, Any]:
    known, values = _options(taken), {}
    for key, text in options.items():
        if key.replace("_", "-") not in known:
            supported = f"Supported values are {', '.join(known)}." if known else f"{name} takes none."
            raise ValueError(f"Invalid estimator option ({key}). {supported}")
        parameter = known[key.replace("_", "-")]
        values[parameter.name] = _value(key, text, parameter.default)
    return values


def _value(key: str, text: str, default: object) -> object:
    """The text as what the option's default is; as it stands where that is None or a text."""
    kind = type(default)
    if kind is bool:
        if text.lower() not in TRUTH:
            raise ValueError(f"Invalid {key} ({text}). Supported values are {', '.join(TRUTH)}.")
        return TRUTH[text.lower()]
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            wanted = "whole numbers" if kind is int else "numbers"
            raise ValueError(f"Invalid {key} ({text}). Supported values are {wanted}.") from None
    return text
