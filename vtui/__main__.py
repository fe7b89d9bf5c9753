"""The program's entry: every error becomes a line, a hint and an exit code; never a traceback."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from vtui import __version__
from vtui.errors import HostError, UsageError, VtuiError
from vtui.text import clean, to_ascii, wants_ascii

BUG = 70
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run vtui with these arguments (those of the process when None) and return the exit code."""
    # Without a handler, libraries' warnings would be printed over the screen.
    logging.getLogger().addHandler(logging.NullHandler())
    if sys.stderr is None:  # closed by whoever started us; print would turn to stdout instead
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - open to the end
    try:
        return _main(sys.argv[1:] if arguments is None else arguments)
    except VtuiError as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is still in the buffer would raise again when the interpreter flushes it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:  # the last resort: a mistake of ours must not print a traceback
        logging.getLogger("vtui").critical("internal error", exc_info=error)
        complain(_mistake(error))
        return BUG


def complain(error: VtuiError) -> None:
    """Print the error and its hint on stderr."""
    print(f"vtui: error: {clean(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {clean(error.hint)}", file=sys.stderr)


def emit(text: str, *, ascii_only: bool = False) -> int:
    """Print the text. Raises HostError when it cannot be written."""
    if ascii_only or (sys.stdout.isatty() and wants_ascii()):
        text = to_ascii(text)
    encoding = sys.stdout.encoding
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # Nothing of it must be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise HostError(f"cannot write the output: {error.strerror}") from error
    return 0


def _main(arguments: Sequence[str]) -> int:
    from vtui import cli
    from vtui.config import load

    if sys.stdout is None:
        raise UsageError("standard output is closed", "for scripts: vtui status --json")
    request = cli.parse_arguments(arguments)
    if "version" in request.flags:
        return emit(f"vtui {__version__}")
    if "help" in request.flags:
        from vtui.usage import help_text

        return emit(help_text(request.command))
    config = load(request.settings)
    if config.log:
        _log_to(config.log)
    if request.command:
        return emit(cli.run(config, request), ascii_only=config.ascii)
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the screens need a terminal", "for scripts: vtui status --json")
    from vtui.app import run

    return run(config)


def _log_to(path: str) -> None:
    try:
        logging.basicConfig(
            filename=path,
            level=logging.INFO,
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
            force=True,
        )
    except OSError as error:
        raise UsageError(f"cannot write the log {path}: {error.strerror}", "see --log") from error


def _mistake(error: Exception) -> HostError:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return HostError(
        f"a mistake in vtui itself: {type(error).__name__}: {error} ({where})",
        "please report it, with what `--log FILE` writes",
    )


if __name__ == "__main__":
    sys.exit(main())
