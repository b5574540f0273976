"""`python -m lmm_core`: the chapter worked, or a table of one's own."""

import sys

from lmm_core.chapter.command import main

if __name__ == "__main__":
    sys.exit(main())
