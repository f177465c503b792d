"""What a domain is written in: use cases, entities, repositories, specifications, units of work.

Only the standard library is loaded by the import; pydantic when an `Input` or `validate` is used.
"""

from ._behaviours import Behaviour, CallNext, get_behaviours, set_behaviours
from ._entities import AggregateRoot, Entity, ValueObject
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
from ._interactor import Interactor
from ._mediator import Mediator
from ._repository import BaseRepository, QueryableRepository, Repository
from ._service import Service
from ._specification import AndSpecification, NotSpecification, OrSpecification, Specification
from ._standard_behaviours import (
    AuthoriseBehaviour,
    LogBehaviour,
    RetryBehaviour,
    TimeBehaviour,
    ValidateBehaviour,
)
from ._transactional import TransactionBehaviour, transactional
from ._trigger import TriggerBehaviour, trigger
from ._unit_of_work import AfterCommitErrors, UnitOfWork, current_unit
from ._validate import validate

__all__ = [
    "AfterCommitErrors",
    "AggregateRoot",
    "AndSpecification",
    "AuthoriseBehaviour",
    "BaseRepository",
    "Behaviour",
    "CallNext",
    "Entity",
    "EntityNotFoundError",
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
    "TimeBehaviour",
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
    "set_behaviours",
    "transactional",
    "trigger",
    "validate",
]
