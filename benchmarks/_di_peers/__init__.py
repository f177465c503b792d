"""The peers, one module each; those that inject functions come first."""

from __future__ import annotations

from _di_workload import Adapter

from .on_anydi import Anydi
from .on_dependency_injector import DependencyInjector
from .on_dishka import Dishka, DishkaNoLock
from .on_diwire import Diwire, DiwireNoLock
from .on_injector import Injector
from .on_lagom import Lagom
from .on_modern_di import ModernDi
from .on_punq import Punq
from .on_rodi import Rodi
from .on_svcs import Svcs
from .on_that_depends import ThatDepends
from .on_wireup import Wireup

PEERS: list[type[Adapter]] = [
    Dishka,
    DishkaNoLock,
    Wireup,
    Diwire,
    DiwireNoLock,
    ModernDi,
    Anydi,
    ThatDepends,
    DependencyInjector,
    Rodi,
    Lagom,
    Svcs,
    Injector,
    Punq,
]
