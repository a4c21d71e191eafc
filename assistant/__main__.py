"""python -m assistant"""

import sys

from assistant.command_line import main

sys.exit(main())
