"""vega-di itself, with default settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter

from vega.di import Container, Scope, bind, set_container


class Vega(Adapter):
    name = "vega-di"
    dist = "vega-di"
    imports = ("vega.di",)

    def _container(self, session: Any = None) -> Container:
        w, container = self.w, Container()
        for name in ("Config", "Cache", "Bus"):
            container.register(getattr(w, name), scope=Scope.SINGLETON)
        for name in [*LEAVES, *MIDS, "Root", *TRANSIENT, "Handler"]:
            container.register(getattr(w, name))
        for name in SCOPED:
            container.register(getattr(w, name), scope=Scope.SCOPED)
        container.register(w.Session, session, scope=Scope.SCOPED)
        return container

    def a(self) -> Callable[[], Any]:
        container, key = self._container(), self.w.Config
        return lambda: container.resolve(key)

    def b(self) -> Callable[[], Any]:
        container, key = self._container(), self.w.Root
        return lambda: container.resolve(key)

    def c(self, session: Any = None) -> Callable[[], Any]:
        container, key = self._container(session), self.w.Handler

        def run() -> Any:
            with container.scope() as scope:
                return scope.resolve(key)

        return run

    def cr(self) -> Callable[[], Any]:
        return self.c(self.w.session_gen)

    def ca(self) -> Callable[[], Any]:
        container, key = self._container(self.w.session_agen), self.w.Handler

        async def run() -> Any:
            async with container.scope() as scope:
                return await scope.aresolve(key)

        return run

    def _bound(self, container: Container, function: Any) -> Any:
        return container.bind(function)

    def _three(self, **types: type) -> Any:
        async def function(c: Any, s: Any, k: Any) -> Any:
            return c, s, k

        function.__annotations__ = types
        return self._bound(self._container(), function)

    def d(self) -> Any:
        return self._three(c=self.w.Config, s=self.w.Session, k=self.w.Clock)

    def d1(self) -> Any:
        return self._three(c=self.w.Config, s=self.w.Cache, k=self.w.Bus)

    def h(self) -> Any:
        async def function(h: Any) -> Any:
            return h

        function.__annotations__ = {"h": self.w.Handler}
        return self._bound(self._container(self.w.session_agen), function)

    def wide_build(self, module: Any, count: int = WIDE_N) -> Container:
        container = Container()
        for number in range(count):
            container.register(getattr(module, f"S{number}"), scope=Scope.SINGLETON)
        container.validate()
        return container


class VegaBind(Vega):
    """The same through ``@bind``: the container is the current one, looked up at each call."""

    name = "vega-di @bind(ambient=False)"
    imports = ()
    ambient = False

    def _nothing(self, *_: Any) -> None:
        return None

    a = b = c = cr = ca = wide_build = _nothing

    def _bound(self, container: Container, function: Any) -> Any:
        set_container(container)
        return bind(ambient=self.ambient)(function)


class VegaAmbient(VegaBind):
    """The same with an opened scope that is ambient for all that the body calls, as is the default of ``@bind``."""

    name = "vega-di @bind"
    ambient = True
