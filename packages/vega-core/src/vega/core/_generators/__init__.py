"""The generators of vega-core, named by its entry points in `vega.generators`."""

from .simple import entity, event, interactor, mediator, service, specification, value_object
from .use_cases import use_cases

__all__ = ["entity", "event", "interactor", "mediator", "service", "specification", "use_cases", "value_object"]
