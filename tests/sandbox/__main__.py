"""`python3 -m sandbox`: see cli.py."""

import sys

from .cli import main

sys.exit(main())
