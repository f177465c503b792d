"""How often property tests draw: 100 examples each by default, five times as many when `VEGA_FULL` is set.

A test that wants more or fewer says so as a multiple: `@settings(max_examples=3 * settings().max_examples)`.
"""

import os

try:
    from hypothesis import settings
except ImportError:  # a package whose tests draw nothing
    pass
else:
    settings.register_profile("vega", deadline=None, print_blob=True)
    settings.register_profile("full", parent=settings.get_profile("vega"), max_examples=500)
    settings.load_profile("full" if os.environ.get("VEGA_FULL") else "vega")
