"""`python -m tools.validation NAME`: compares the coprocessor with independent models, scores tests by planted faults.

`docs` updates the page of the comparisons.
"""

from __future__ import annotations

import argparse
import sys

from tools.validation import alif, cuba, izhikevich, lava, mutation, oxford, report, stdp, truenorth
from tools.validation.findings import ReferenceMissing, Unequal

FINDINGS = {
    "oxford": oxford,
    "lava": lava,
    "alif": alif,
    "izhikevich": izhikevich,
    "truenorth": truenorth,
    "stdp": stdp,
}
"""Sub-commands, and tables of the page."""


def run(arguments: argparse.Namespace) -> int:
    """Run a command; raises ReferenceMissing, Unequal, ValueError, OSError."""
    if arguments.command == "cuba":
        return cuba.main(arguments)
    if arguments.command == "mutation":
        return mutation.main(arguments)
    if arguments.command == "docs":
        page = report.update(report.PAGE.read_text(encoding="utf-8"), FINDINGS)
        report.PAGE.write_text(page, encoding="utf-8")
        return 0
    if arguments.command != "all":
        return report.show(FINDINGS[arguments.command].findings(), arguments)
    found = [report.findings_if_possible(module) for module in FINDINGS.values()]
    return report.show([finding for findings in found for finding in findings or ()], arguments)


def main() -> int:
    """Parse the command line and make one comparison; problems are one message and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.validation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text.partition("\n")[0], description=text)

    cuba.add_arguments(add("cuba", cuba.__doc__ or ""))
    mutation.add_arguments(add("mutation", mutation.__doc__ or ""))
    for name, module in FINDINGS.items():
        add(name, module.__doc__ or "").add_argument("--json", action="store_true", help="print JSON")
    add("all", "All comparisons with models but cuba.").add_argument("--json", action="store_true", help="print JSON")
    add("docs", "Make the figures of docs/comparisons.md again.")
    try:
        return run(parser.parse_args())
    except (ReferenceMissing, Unequal, ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
