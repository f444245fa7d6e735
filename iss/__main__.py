"""`python -m iss` is the command `neurohart`."""

from __future__ import annotations

import sys

from iss.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
