"""The command line: ``python -m irt``."""

import sys

from irt.commands import main

if __name__ == "__main__":
    sys.exit(main())
