"""`python -m vega.cli`: the same as `vega`."""

import sys

from _vega_cli import main

sys.exit(main())
