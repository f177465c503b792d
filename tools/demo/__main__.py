"""The main job on real input: scaffold an application, migrate, serve, import 5,000 records, query, stop.

`make demo` runs it; `make demo KEEP=1` leaves the application running. Environment: `PORT` (0: the kernel
chooses) and `VEGA_DEMO_RECORDS` (how many records to import; all of them when unset).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import client
import scaffold
from stage import DemoError, Stage, say


def main() -> int:
    """Run the demo and return the exit status."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the application running, and print its URLs")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "0")), help="0: the kernel chooses")
    options = parser.parse_args()
    try:
        folder = Path(tempfile.mkdtemp(prefix="vega-demo-", dir=os.environ.get("TMPDIR")))
    except OSError as error:
        say(f"error: no temporary folder can be made: {error}; set TMPDIR to a folder that can be written")
        return 1
    stage = Stage(folder, port=options.port)
    try:
        stage.check_port()
        scaffold.build(stage)
        stage.serve()
        client.use(stage)
        stage.summary()
    except DemoError as error:
        say(f"\nerror: {error}")
        return 1
    except KeyboardInterrupt:
        say("\nstopped")
        return 130
    finally:
        keep = options.keep and stage.complete
        stage.leave_running() if keep else stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
