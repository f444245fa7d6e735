"""The command line: one file a sub-command, each with NAME, HELP, EXAMPLE, `add_arguments(parser)`, `run(args) -> int`.

A new sub-command is a module here and a row in `iss.cli.main.COMMANDS`.
"""
