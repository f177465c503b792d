"""Test kits for Vega applications: overrides, mocks, clients, architecture."""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._case import TestCase as TestCase
    from ._client import client_for as client_for
    from ._deferred import DeferredPiece as DeferredPiece
    from ._deferred import FakeDeferredWork as FakeDeferredWork
    from ._errors import MockError as MockError
    from ._errors import TestingError as TestingError
    from ._errors import TestServerError as TestServerError
    from ._jobs import EnqueuedJob as EnqueuedJob
    from ._jobs import FakeJobQueue as FakeJobQueue
    from ._jobs import fake_jobs as fake_jobs
    from ._layers import assert_layers as assert_layers
    from ._mocks import mock_repository as mock_repository
    from ._mocks import mock_service as mock_service
    from ._postgres import PostgresServer as PostgresServer

__all__ = [
    "DeferredPiece",
    "EnqueuedJob",
    "FakeDeferredWork",
    "FakeJobQueue",
    "MockError",
    "PostgresServer",
    "TestCase",
    "TestServerError",
    "TestingError",
    "__version__",
    "assert_layers",
    "client_for",
    "fake_jobs",
    "mock_repository",
    "mock_service",
]

__version__ = "0.1.0"

_WHERE = {
    "DeferredPiece": "_deferred",
    "EnqueuedJob": "_jobs",
    "FakeDeferredWork": "_deferred",
    "FakeJobQueue": "_jobs",
    "MockError": "_errors",
    "PostgresServer": "_postgres",
    "TestCase": "_case",
    "TestServerError": "_errors",
    "TestingError": "_errors",
    "assert_layers": "_layers",
    "client_for": "_client",
    "fake_jobs": "_jobs",
    "mock_repository": "_mocks",
    "mock_service": "_mocks",
}

lazy_names(__name__, _WHERE)
