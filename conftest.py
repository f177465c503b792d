"""How often property tests draw: 100 examples each, 500 when `VEGA_FULL` is set, 25 when `VEGA_BRIEF` is.

A test that wants more or fewer says so as a multiple: `@settings(max_examples=3 * settings().max_examples)`.
"""

import os

try:
    from hypothesis import settings
except ImportError:  # a package whose tests draw nothing
    pass
else:
    settings.register_profile("ci", deadline=None, print_blob=True)
    settings.register_profile("full", parent=settings.get_profile("ci"), max_examples=500)
    settings.register_profile("brief", parent=settings.get_profile("ci"), max_examples=25)
    chosen = [name for name in ("full", "brief") if os.environ.get(f"VEGA_{name.upper()}")]
    settings.load_profile(chosen[0] if chosen else "ci")
