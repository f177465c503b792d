# ruff: noqa: E401, I001, N806, RUF005
# Written as the documentation of diwire writes it; the cases have one letter.
"""diwire."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter


class Diwire(Adapter):
    name = "diwire"
    dist = "diwire"
    imports = ("diwire",)

    def _c(self, session=None):
        import diwire
        from diwire import Lifetime, Scope

        w = self.w
        c = diwire.Container()
        for n in ("Config", "Cache", "Bus"):
            c.add(getattr(w, n), scope=Scope.APP, lifetime=Lifetime.SCOPED)
        for n in LEAVES + MIDS + ["Root"]:
            c.add(getattr(w, n), scope=Scope.APP, lifetime=Lifetime.TRANSIENT)
        for n in SCOPED:
            c.add(getattr(w, n), scope=Scope.REQUEST, lifetime=Lifetime.SCOPED)
        for n in TRANSIENT + ["Handler"]:
            c.add(getattr(w, n), scope=Scope.REQUEST, lifetime=Lifetime.TRANSIENT)
        if session:
            c.add_generator(
                session,
                provides=w.Session,
                scope=Scope.REQUEST,
                lifetime=Lifetime.SCOPED,
                require_generator_finally=False,
            )
        else:
            c.add(w.Session, scope=Scope.REQUEST, lifetime=Lifetime.SCOPED)
        return c

    def _compiled(
        self, session=None
    ):  # compile() swaps container.resolve for the generated resolver; use its result as documented
        return self._c(session).compile()

    def a(self):
        c = self._compiled()
        k = self.w.Config
        return lambda: c.resolve(k)

    def b(self):
        c = self._compiled()
        k = self.w.Root
        return lambda: c.resolve(k)

    def c(self, session=None):
        from diwire import Scope

        c = self._compiled(session)
        k = self.w.Handler
        R = Scope.REQUEST

        def run():
            with c.enter_scope(R) as r:
                return r.resolve(k)

        return run

    def cr(self):
        return self.c(self.w.session_gen)

    def ca(self):
        from diwire import Scope

        c = self._compiled(self.w.session_agen)
        k = self.w.Handler
        R = Scope.REQUEST

        async def run():
            async with c.enter_scope(R) as r:
                return await r.aresolve(k)

        return run

    def _inject(self, **ann):
        from diwire import Injected, resolver_context

        c = self._c()
        c.compile()
        self._keep = c

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {k: Injected[v] for k, v in ann.items()}
        f = resolver_context.inject(fn)

        async def run():
            return await f(diwire_resolver=c)  # explicit resolver: no ambient context needed

        return run

    def d(self):
        return self._inject(c=self.w.Config, s=self.w.Session, k=self.w.Clock)

    def d1(self):
        return self._inject(c=self.w.Config, s=self.w.Cache, k=self.w.Bus)

    def h(self):
        from diwire import Injected, resolver_context

        c = self._c(self.w.session_agen)
        c.compile()
        self._keep = c

        async def fn(h):
            return h

        fn.__annotations__ = {"h": Injected[self.w.Handler]}
        f = resolver_context.inject(fn)

        async def run():
            return await f(diwire_resolver=c)

        return run

    def wide_build(self, m):
        import diwire

        c = diwire.Container()
        for i in range(WIDE_N):
            c.add(getattr(m, f"S{i}"))
        c.compile()
        return c


class DiwireNoLock(Diwire):
    name = "diwire(lock=NONE)"
    imports = ()
    note = "its fastest configuration: no locks, no ambient context"

    def _c(self, session=None):
        import diwire, functools

        orig = diwire.Container
        diwire.Container = functools.partial(orig, lock_mode=diwire.LockMode.NONE, use_resolver_context=False)
        try:
            return super()._c(session)
        finally:
            diwire.Container = orig

    def d(self):
        return None

    def d1(self):
        return None

    def h(self):
        return None

    def wide_build(self, m):
        return None
