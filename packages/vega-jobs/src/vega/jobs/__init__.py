"""Background jobs on arq and Redis, with an embedded server to start with."""

from vega.core.facades import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._arguments import bound_arguments as bound_arguments
    from ._embedded import EmbeddedServer as EmbeddedServer
    from ._embedded import embedded_server as embedded_server
    from ._errors import EmbeddedServerError as EmbeddedServerError
    from ._errors import InvalidJobQueueError as InvalidJobQueueError
    from ._errors import JobDefinitionError as JobDefinitionError
    from ._errors import JobFailedError as JobFailedError
    from ._errors import JobPayloadError as JobPayloadError
    from ._errors import JobsError as JobsError
    from ._errors import NoJobQueueError as NoJobQueueError
    from ._errors import QueueUnavailableError as QueueUnavailableError
    from ._errors import UnknownJobError as UnknownJobError
    from ._errors import WorkerError as WorkerError
    from ._handle import JobHandle as JobHandle
    from ._job import JobDefinition as JobDefinition
    from ._job import background_job as background_job
    from ._job import definition_of as definition_of
    from ._job import job_named as job_named
    from ._queue import JobQueue as JobQueue
    from ._queue import get_job_queue as get_job_queue
    from ._queue import set_job_queue as set_job_queue
    from ._queue import use_job_queue as use_job_queue
    from ._worker import Worker as Worker

__all__ = [
    "EmbeddedServer",
    "EmbeddedServerError",
    "InvalidJobQueueError",
    "JobDefinition",
    "JobDefinitionError",
    "JobFailedError",
    "JobHandle",
    "JobPayloadError",
    "JobQueue",
    "JobsError",
    "NoJobQueueError",
    "QueueUnavailableError",
    "UnknownJobError",
    "Worker",
    "WorkerError",
    "__version__",
    "background_job",
    "bound_arguments",
    "definition_of",
    "embedded_server",
    "get_job_queue",
    "job_named",
    "set_job_queue",
    "use_job_queue",
]

__version__ = "0.1.0"

_WHERE = {
    "EmbeddedServer": "_embedded",
    "EmbeddedServerError": "_errors",
    "InvalidJobQueueError": "_errors",
    "JobDefinition": "_job",
    "JobDefinitionError": "_errors",
    "JobFailedError": "_errors",
    "JobHandle": "_handle",
    "JobPayloadError": "_errors",
    "JobQueue": "_queue",
    "JobsError": "_errors",
    "NoJobQueueError": "_errors",
    "QueueUnavailableError": "_errors",
    "UnknownJobError": "_errors",
    "Worker": "_worker",
    "WorkerError": "_errors",
    "background_job": "_job",
    "bound_arguments": "_arguments",
    "definition_of": "_job",
    "job_named": "_job",
    "embedded_server": "_embedded",
    "get_job_queue": "_queue",
    "set_job_queue": "_queue",
    "use_job_queue": "_queue",
}

lazy_names(__name__, _WHERE)
