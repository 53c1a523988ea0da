"""What goes wrong on the user's side."""


class PosefixError(Exception):
    """Bad input or a bad place to write to; the message is one line that names the file and the cure."""


class UsageError(PosefixError):
    """The command asks for what there is not; nothing has been started."""
