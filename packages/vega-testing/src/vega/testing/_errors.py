"""Errors of vega.testing.

TestingError
├── MockError         VG651  an object that cannot be mocked
└── TestServerError   VG652  a test server that cannot be started or reached
"""

from vega.errors import CoreError


class TestingError(CoreError):
    """The root of the errors of vega-testing."""

    __test__ = False  # the name must not make pytest collect the class
    code = "VG650"


class MockError(TestingError):
    """An object cannot be mocked."""

    code = "VG651"


class TestServerError(TestingError):
    """A test server cannot be started or reached."""

    code = "VG652"
