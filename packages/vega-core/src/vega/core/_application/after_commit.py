"""The report of what fails after a commit at an edge: the change is stored, so the work there succeeded."""

from __future__ import annotations

import logging

from vega.patterns import AfterCommitErrors

from ..telemetry import Counter

_logger = logging.getLogger("vega.core")
FAILURES = Counter("vega_after_commit_failures_total", "Callbacks and events after a commit that failed.")


def report_after_commit(errors: AfterCommitErrors) -> None:
    """Log the errors of one commit in one record, and count them."""
    FAILURES.add(len(errors.exceptions))
    _logger.error(
        "the change is stored, but %d of what follows the commit failed", len(errors.exceptions), exc_info=errors
    )
