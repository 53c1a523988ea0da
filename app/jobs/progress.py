"""Tells how far a run is: bars on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

# Plain lines go to log files: often enough to see life, seldom enough to read.
LINE_SECONDS = 10.0


def table_console() -> Console:
    """Standard output for tables; in a pipe or a log file there is no edge to cut them at."""
    console = Console(soft_wrap=True, highlight=False)
    return console if console.is_terminal else Console(soft_wrap=True, highlight=False, width=1000)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


class Reporter:
    """Shows stages of files, and how many of the files are done; used as a context manager.

    Args:
        files: how many there will be.
        quiet: show no progress; warnings and failures are shown all the same.
    """

    def __init__(self, *, files: int, quiet: bool = False) -> None:
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)
        self.quiet = quiet
        self._files = files
        self._done = 0
        self._bars: Progress | None = None
        if self.console.is_terminal and not quiet:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                _Rate(),
                TimeRemainingColumn(),
            )
            self._bars = Progress(*columns, console=self.console, transient=True)

    def __enter__(self) -> Reporter:
        if self._bars is not None:
            self._bars.start()
            if self._files > 1:
                self._batch = self._bars.add_task("all files", total=self._files)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def say(self, line: str) -> None:
        """A line that everybody gets to see, quiet or not."""
        self.console.print(line, markup=False)

    def tell(self, line: str) -> None:
        """A line for those who watch."""
        if not self.quiet:
            self.say(line)

    def file_done(self) -> None:
        """Counts a file, however it ended."""
        self._done += 1
        if self._bars is not None and self._files > 1:
            self._bars.update(self._batch, completed=self._done)

    @contextmanager
    def stage(self, file: str, stage: str, *, total: int) -> Iterator[Callable[[int], None]]:
        """Gives a function to call with the number of frames just done."""
        if self._bars is not None:
            task = self._bars.add_task(f"{file}: {stage}", total=total)
            try:
                yield lambda frames: self._bars.advance(task, frames)  # type: ignore[union-attr]
            finally:
                self._bars.remove_task(task)
        else:
            yield _PlainLines(self.tell, f"{file}: {stage}", total)


class _PlainLines:
    """Says how far a stage is every few seconds."""

    def __init__(self, tell: Callable[[str], None], title: str, total: int) -> None:
        self._tell = tell
        self._title = title
        self._total = total
        self._frames = 0
        self._start = self._told = time.monotonic()

    def __call__(self, frames: int) -> None:
        self._frames += frames
        now = time.monotonic()
        if now - self._told < LINE_SECONDS:
            return
        self._told = now
        rate = self._frames / (now - self._start)
        left = max(0, self._total - self._frames) / rate
        self._tell(
            f"{self._title} {self._frames}/{self._total} frames, {rate:.0f} frames/s, {left:.0f} s left"
        )
