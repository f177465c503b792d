"""The building blocks of a domain: use cases, entities, repositories, specifications, units of work.

The import loads the standard library only; pydantic loads at the first use of an `Input` or `validate`.
"""

from vega.errors import ErrorKind

from ._domain.entities import AggregateRoot, Entity, ValueObject
from ._domain.repository import BaseRepository, QueryableRepository, Repository
from ._domain.service import Service
from ._domain.specification import AndSpecification, NotSpecification, OrSpecification, Specification
from ._errors import (
    EntityNotFoundError,
    InvalidBehaviourError,
    InvalidSpecificationError,
    InvalidUseCaseError,
    InvalidValueObjectError,
    NeverAwaitedWarning,
    NotAuthorisedError,
    PatternError,
    TriggerError,
    UnitOfWorkError,
    ValidatorError,
)
from ._sources.current import get_clock, new_id, use_clock, use_id_source
from ._sources.ports import Clock, IdSource, SystemClock, TimeOrderedIds
from ._unit_of_work.after_commit import AfterCommitErrors, run_after_commit, use_after_commit_report
from ._unit_of_work.unit_of_work import UnitOfWork, current_unit
from ._use_cases.behaviours import Behaviour, CallNext, get_behaviours, set_behaviours
from ._use_cases.interactor import Interactor
from ._use_cases.mediator import Mediator
from ._use_cases.standard_behaviours import (
    AuthoriseBehaviour,
    LogBehaviour,
    RetryBehaviour,
    TimeBehaviour,
    ValidateBehaviour,
)
from ._use_cases.transactional import TransactionBehaviour, transactional
from ._use_cases.trigger import TriggerBehaviour, trigger
from ._use_cases.validate import validate

__all__ = [
    "AfterCommitErrors",
    "AggregateRoot",
    "AndSpecification",
    "AuthoriseBehaviour",
    "BaseRepository",
    "Behaviour",
    "CallNext",
    "Clock",
    "Entity",
    "EntityNotFoundError",
    "ErrorKind",
    "IdSource",
    "Interactor",
    "InvalidBehaviourError",
    "InvalidSpecificationError",
    "InvalidUseCaseError",
    "InvalidValueObjectError",
    "LogBehaviour",
    "Mediator",
    "NeverAwaitedWarning",
    "NotAuthorisedError",
    "NotSpecification",
    "OrSpecification",
    "PatternError",
    "QueryableRepository",
    "Repository",
    "RetryBehaviour",
    "Service",
    "Specification",
    "SystemClock",
    "TimeBehaviour",
    "TimeOrderedIds",
    "TransactionBehaviour",
    "TriggerBehaviour",
    "TriggerError",
    "UnitOfWork",
    "UnitOfWorkError",
    "ValidateBehaviour",
    "ValidatorError",
    "ValueObject",
    "current_unit",
    "get_behaviours",
    "get_clock",
    "new_id",
    "run_after_commit",
    "set_behaviours",
    "transactional",
    "trigger",
    "use_after_commit_report",
    "use_clock",
    "use_id_source",
    "validate",
]
