"""`python -m ganstudy`: runs a command and turns errors into one clear line."""

import sys

from typer import TyperException

from ganstudy.cli import app
from ganstudy.errors import StudyError

INTERRUPTED = 130


def main() -> None:
    """Runs the command line; exit code 2 for bad input, 1 for a failed stage."""
    try:
        code = app(prog_name="ganstudy", standalone_mode=False)
        if code == INTERRUPTED:  # Typer turns an interrupt into this code, without a word
            fail(INTERRUPTED, "interrupted; what is finished is kept, and the next run resumes")
        raise SystemExit(code)
    except TyperException as error:
        fail(error.exit_code, *_of_usage(error))
    except StudyError as error:
        if "--debug" in sys.argv:
            raise
        fail(error.exit_code, *error.args)
    except (MemoryError, RuntimeError) as error:
        if "--debug" in sys.argv or not _out_of_memory(error):
            raise
        fail(1, "out of memory: lower train.batch, sample.count or data.resolution")
    except OSError as error:
        if "--debug" in sys.argv:
            raise
        fail(1, _of_system(error))


def _of_usage(error: TyperException) -> list[str]:
    """What is wrong with the words of a command, and where they are explained; nothing where help
    was asked for, which is printed by then."""
    text = error.format_message()
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "ganstudy"
    return [f"{text.rstrip('.')} (see {where} --help)"] if text else []


def _out_of_memory(error: Exception) -> bool:
    """torch says it in a RuntimeError, by device in other words."""
    texts = ("out of memory", "allocate memory")
    return isinstance(error, MemoryError) or any(text in str(error) for text in texts)


def _of_system(error: OSError) -> str:
    """What the operating system refused, with the file where there is one."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def fail(code: int, *mistakes: object) -> None:
    """Prints one line for each mistake and ends."""
    for mistake in mistakes:
        print(f"error: {' '.join(str(mistake).split())}", file=sys.stderr)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
