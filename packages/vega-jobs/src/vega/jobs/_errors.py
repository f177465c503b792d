"""Errors of vega.jobs: one root, three parts (what, where, fix), stable codes.

JobsError
├── JobDefinitionError      VG701  a function that cannot become a background job
├── UnknownJobError         VG702  a function that is not a background job, or an unknown name of a job
├── JobPayloadError         VG703  arguments that cannot be stored, or stored data that cannot be read
├── NoJobQueueError         VG704  no queue is current, or no server is known
├── QueueUnavailableError   VG705  the server does not answer
├── EmbeddedServerError     VG706  no embedded server can be started
├── WorkerError             VG707  a worker with invalid arguments or without jobs
├── JobFailedError          VG708  the job whose result was requested has failed
└── InvalidJobQueueError    VG709  an object that cannot serve as the current queue
"""

from typing import ClassVar

from vega.errors import CoreError, ErrorKind


class JobsError(CoreError):
    """The root of the errors of vega-jobs."""

    code: ClassVar[str] = "VG700"


class JobDefinitionError(JobsError):
    """A function cannot become a background job."""

    code = "VG701"


class UnknownJobError(JobsError):
    """A function is not a background job, or no job of this process has the name."""

    code = "VG702"


class JobPayloadError(JobsError):
    """Arguments cannot be stored as plain data, or stored data has another format."""

    code = "VG703"


class NoJobQueueError(JobsError):
    """No queue is current in the calling context, or no server is known."""

    code = "VG704"


class QueueUnavailableError(JobsError):
    """The server behind the queue does not answer."""

    code = "VG705"
    kind = ErrorKind.UNAVAILABLE


class EmbeddedServerError(JobsError):
    """No embedded server can be started on this machine."""

    code = "VG706"
    kind = ErrorKind.UNAVAILABLE


class WorkerError(JobsError):
    """A worker has invalid arguments or no jobs."""

    code = "VG707"


class JobFailedError(JobsError):
    """The job whose result was requested has failed for good."""

    code = "VG708"


class InvalidJobQueueError(JobsError):
    """The object passed as the current queue is not a JobQueue."""

    code = "VG709"
