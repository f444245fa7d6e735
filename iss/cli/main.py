"""The command `neurohart`: finds the sub-command and turns whatever goes wrong into one message and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from iss.cli.exit_codes import MEANINGS, ExitCode, Failure, code_of
from iss.cli.streams import abandon_stdout
from iss.errors import NeuroHartError

# Sub-command: module, imported when it is used.
COMMANDS: dict[str, str] = {
    "run": "iss.cli.run",
    "debug": "iss.cli.debug",
    "trace": "iss.cli.trace",
    "profile": "iss.cli.profile",
    "coverage": "iss.cli.coverage",
    "plot": "iss.cli.plot",
    "demo": "iss.cli.demo",
    "asm": "iss.cli.asm",
    "disasm": "iss.cli.disasm",
    "isa": "iss.cli.isa",
    "gdbserver": "iss.cli.gdbserver",
    "ext": "iss.cli.ext",
}
DEBUG_VARIABLE = "NEUROHART_DEBUG"
DEBUG_OPTION = "--debug-traceback"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's) and return its exit code; never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _make_streams_safe()
    debug = bool(os.environ.get(DEBUG_VARIABLE))
    if DEBUG_OPTION in arguments:
        arguments.remove(DEBUG_OPTION)
        debug = True
    name = arguments[0] if arguments else ""
    prog = f"neurohart {name}" if name in COMMANDS else "neurohart"
    try:
        code = _dispatch(name, arguments[1:], prog)
        sys.stdout.flush()
        return code
    except SystemExit as leave:  # argparse: --help and usage errors
        return leave.code if isinstance(leave.code, int) else ExitCode.OK
    except KeyboardInterrupt:
        return _report(prog, "interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        abandon_stdout()
        return ExitCode.BROKEN_PIPE
    except Failure as error:
        return _report(prog, str(error), error.code, debug)
    except NeuroHartError as error:
        return _report(prog, str(error), code_of(error), debug)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _report(prog, f"{where}{error.strerror or error}", ExitCode.WRITE_ERROR, debug)
    except MemoryError:
        return _report(prog, "not enough memory on this computer; give the machine less RAM (--ram)", ExitCode.INTERNAL)
    except Exception as error:
        text = f"internal error: {type(error).__name__}: {error}; please report it with the output of {DEBUG_OPTION}"
        return _report(prog, text, ExitCode.INTERNAL, debug)


def _make_streams_safe() -> None:
    """Have streams even if they were closed, and lose a character rather than fail where the terminal lacks it."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the life of the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def _dispatch(name: str, arguments: list[str], prog: str) -> int:
    if name in COMMANDS:
        from iss.cli.parsing import Parser

        module = import_module(COMMANDS[name])
        parser = Parser(prog, module.HELP, module.EXAMPLE)
        module.add_arguments(parser)
        return int(module.run(parser.parse_args(arguments)))
    if name in ("--version", "-V"):
        print(f"neurohart {version()}")
        return ExitCode.OK
    if name in ("--help", "-h", "help"):
        if arguments:
            return _dispatch(arguments[0], ["--help"], f"neurohart {arguments[0]}")
        print(overview())
        return ExitCode.OK
    if not name:
        print(overview(), file=sys.stderr)
        return ExitCode.USAGE
    raise Failure(_unknown(name), ExitCode.USAGE)


def _unknown(name: str) -> str:
    """Say what could have been meant."""
    from difflib import get_close_matches

    kind = "option" if name.startswith("-") else "command"
    near = get_close_matches(name, COMMANDS, n=1)
    if near:
        cure = f"did you mean `neurohart {near[0]}`?"
    elif kind == "command" and os.path.exists(name):
        cure = f"to run a program: neurohart run {name}"
    else:
        cure = f"expected one of {', '.join(COMMANDS)}; see neurohart --help"
    return f"unknown {kind} {name!r}; {cure}"


def _report(prog: str, message: str, code: ExitCode, debug: bool = False) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    try:
        sys.stdout.flush()
    except OSError:
        abandon_stdout()
    print(f"{prog}: {message}", file=sys.stderr)
    return code


def version() -> str:
    """Return the version of the installed distribution, or of the checkout this is run from."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("neurohart")
    except PackageNotFoundError:
        pass
    import tomllib
    from contextlib import suppress
    from pathlib import Path

    project: dict[str, Any] = {}
    with suppress(OSError, KeyError, ValueError):
        project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    return f"{project.get('version', 'unknown version')} (not installed)"


def overview() -> str:
    """Return the text of `neurohart --help`."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:<{width}} {import_module(module).HELP}" for name, module in COMMANDS.items()]
    codes = [f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items()]
    return "\n".join(
        (
            "usage: neurohart COMMAND [OPTIONS]",
            "",
            "RISC-V instruction-set simulator with a neuromorphic coprocessor.",
            "",
            *rows,
            "",
            "neurohart COMMAND --help shows the options and examples of a command, neurohart --version the version.",
            "",
            "exit codes (`run` gives the firmware's own code where it ends itself):",
            *codes,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
