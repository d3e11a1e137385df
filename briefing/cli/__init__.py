"""The command line: thin commands that parse, call one function and print."""

from __future__ import annotations

import os
import sys

from briefing.errors import BriefingError


def main() -> None:
    """The `briefing` command. What can be told in one line is told so; a fault of ours is logged with its trace."""
    from briefing import log
    from briefing.cli.app import app

    # pydantic looks through every installed package for plug-ins when it is imported; there are none of ours.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    log.stop()  # without a handler, logging prints traces on stderr by itself
    try:
        code = app(standalone_mode=False)  # a command's exit code comes back as the value
        sys.exit(code if isinstance(code, int) else 0)
    except BriefingError as error:
        fail(str(error), error.advice)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of the pipe (head, less) has enough: no message, and none from the interpreter's own flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001  (the last line of defence: never a traceback)
        exit_code = _of_click(error)
        if exit_code is None:
            exit_code = _our_fault(error)
        sys.exit(exit_code)
    finally:
        log.stop()


def fail(message: str, advice: str = "") -> None:
    """One clear line on stderr."""
    text = message if not advice else f"{message}\n  {advice}"
    print(f"briefing: {text}", file=sys.stderr)  # noqa: T201


def _of_click(error: Exception) -> int | None:
    """Exit code of what the command parser raises, its message shown; None for anything else."""
    code = getattr(error, "exit_code", None)
    if not isinstance(code, int):
        return None
    show = getattr(error, "show", None)
    if show is not None:
        show()
    return code


def _our_fault(error: Exception) -> int:
    import logging

    logging.getLogger("briefing").error("unforeseen fault", exc_info=error)
    if os.environ.get("BRIEFING_TRACE"):
        raise error
    fail(f"a fault of ours: {type(error).__name__}: {error}", "run again with BRIEFING_TRACE=1 and report the trace")
    return BriefingError.exit_code
