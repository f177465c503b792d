"""What can go wrong in vega.testing.

TestingError
└── MockError   VG651  something cannot be mocked
"""

from __future__ import annotations

from vega.core import CoreError


class TestingError(CoreError):
    """The root of the errors of vega-testing."""

    __test__ = False  # pytest should not collect it by its name
    code = "VG650"


class MockError(TestingError):
    """Something cannot be mocked."""

    code = "VG651"
