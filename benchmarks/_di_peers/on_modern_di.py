# ruff: noqa: I001, N806, RUF005, UP031
# Written as the documentation of modern-di writes it; the cases have one letter.
"""modern-di."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter, serial


class ModernDi(Adapter):
    name = "modern-di"
    dist = "modern-di"
    imports = ("modern_di",)
    note = "async factories not supported (sync resolve, async finalisers)"

    def _c(self, session="plain"):
        import modern_di
        from modern_di import providers as p, Group, Scope

        w = self.w
        ns = {}
        for n in ("Config", "Cache", "Bus"):
            ns[n] = p.Factory(getattr(w, n), scope=Scope.APP, cache=True)
        for n in LEAVES + MIDS + ["Root"]:
            ns[n] = p.Factory(getattr(w, n), scope=Scope.APP)
        for n in SCOPED:
            ns[n] = p.Factory(getattr(w, n), scope=Scope.REQUEST, cache=True)
        for n in TRANSIENT + ["Handler"]:
            ns[n] = p.Factory(getattr(w, n), scope=Scope.REQUEST)

        def close(s):
            s.closed = True

        async def aclose(s):
            s.closed = True

        fin = {"plain": True, "fin": p.CacheSettings(finalizer=close), "afin": p.CacheSettings(finalizer=aclose)}[
            session
        ]
        ns["Session"] = p.Factory(w.Session, scope=Scope.REQUEST, cache=fin)
        g = type("G%d" % next(serial), (Group,), ns)
        c = modern_di.Container(groups=[g])
        c.validate()
        return c

    def a(self):
        c = self._c()
        k = self.w.Config
        return lambda: c.resolve(k)

    def b(self):
        c = self._c()
        k = self.w.Root
        return lambda: c.resolve(k)

    def c(self, session="plain"):
        from modern_di import Scope

        c = self._c(session)
        k = self.w.Handler
        R = Scope.REQUEST

        def run():
            with c.build_child_container(scope=R) as s:
                return s.resolve(k)

        return run

    def cr(self):
        return self.c("fin")

    def ca(self):
        from modern_di import Scope

        c = self._c("afin")
        k = self.w.Handler
        R = Scope.REQUEST

        async def run():
            async with c.build_child_container(scope=R) as s:
                return s.resolve(k)

        return run

    def _markers(self, **ann):
        from typing import Annotated
        from modern_di.integrations import from_di, parse_markers

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {n: Annotated[t, from_di(t)] for n, t in ann.items()}
        return fn, parse_markers(fn)

    def d(self):
        from modern_di import Scope
        from modern_di.integrations import resolve_markers

        w = self.w
        c = self._c()
        R = Scope.REQUEST
        fn, mk = self._markers(c=w.Config, s=w.Session, k=w.Clock)

        async def run():
            async with c.build_child_container(scope=R) as s:
                return await fn(**resolve_markers(s, mk))

        return run

    def h(self):
        from typing import Annotated
        from modern_di import Scope
        from modern_di.integrations import from_di, parse_markers, resolve_markers

        c = self._c("afin")
        R = Scope.REQUEST

        async def fn(h):
            return h

        fn.__annotations__ = {"h": Annotated[self.w.Handler, from_di(self.w.Handler)]}
        mk = parse_markers(fn)

        async def run():
            async with c.build_child_container(scope=R) as s:
                return await fn(**resolve_markers(s, mk))

        return run

    def d1(self):
        from modern_di.integrations import resolve_markers

        w = self.w
        c = self._c()
        fn, mk = self._markers(c=w.Config, s=w.Cache, k=w.Bus)

        async def run():
            return await fn(**resolve_markers(c, mk))

        return run

    def wide_build(self, m):
        import modern_di
        from modern_di import providers as p, Group, Scope

        g = type(
            "W%d" % next(serial),
            (Group,),
            {f"S{i}": p.Factory(getattr(m, f"S{i}"), scope=Scope.APP, cache=True) for i in range(WIDE_N)},
        )
        c = modern_di.Container(groups=[g])
        c.validate()
        return c
