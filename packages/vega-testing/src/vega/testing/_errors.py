"""What can go wrong in vega.testing.

TestingError
├── MockError         VG651  something cannot be mocked
└── TestServerError   VG652  a server for tests cannot be started or reached
"""

from vega.errors import CoreError


class TestingError(CoreError):
    """The root of the errors of vega-testing."""

    __test__ = False  # pytest should not collect it by its name
    code = "VG650"


class MockError(TestingError):
    """Something cannot be mocked."""

    code = "VG651"


class TestServerError(TestingError):
    """A server for tests cannot be started or reached."""

    code = "VG652"
