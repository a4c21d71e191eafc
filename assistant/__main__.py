"""python -m assistant"""

import sys

from assistant.command_line import main

if __name__ == "__main__":  # not in the processes that `assistant index` starts
    sys.exit(main())
