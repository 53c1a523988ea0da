"""What goes wrong on the user's side."""

from weights.files import FileError, PosefixError

__all__ = ["FileError", "PosefixError", "UsageError"]


class UsageError(PosefixError):
    """The command asks for what there is not; nothing has been started."""
