# ruff: noqa: E401, F401, I001, N806, PERF401, RUF005, UP031
# Peers as their own documentation writes them; the cases have one letter.
"""The peers that inject functions: dishka, wireup, diwire, modern-di, anydi."""

from __future__ import annotations

import contextlib

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter, fresh, serial


class Dishka(Adapter):
    name = "dishka"
    dist = "dishka"
    imports = ("dishka",)

    def _provider(self, session):
        import dishka

        p = dishka.Provider()
        w = self.w
        A, R = dishka.Scope.APP, dishka.Scope.REQUEST
        for n in ("Config", "Cache", "Bus"):
            p.provide(getattr(w, n), scope=A)
        for n in LEAVES + MIDS + ["Root"]:
            p.provide(getattr(w, n), scope=A, cache=False)
        for n in SCOPED:
            p.provide(getattr(w, n), scope=R)
        for n in TRANSIENT + ["Handler"]:
            p.provide(getattr(w, n), scope=R, cache=False)
        p.provide(session, scope=R)
        return p

    def _sync(self, session=None):
        import dishka

        return dishka.make_container(self._provider(session or self.w.Session))

    def _async(self, session=None):
        import dishka

        return dishka.make_async_container(self._provider(session or self.w.Session))

    def a(self):
        c = self._sync()
        k = self.w.Config
        return lambda: c.get(k)

    def b(self):
        c = self._sync()
        k = self.w.Root
        return lambda: c.get(k)

    def c(self, session=None):
        c = self._sync(session)
        k = self.w.Handler

        def run():
            with c() as r:
                return r.get(k)

        return run

    def cr(self):
        return self.c(self.w.session_gen)

    def ca(self):
        c = self._async(self.w.session_agen)
        k = self.w.Handler

        async def run():
            async with c() as r:
                return await r.get(k)

        return run

    def h(self):
        from dishka import FromDishka

        async def fn(h):
            return h

        fn.__annotations__ = {"h": FromDishka[self.w.Handler]}
        return self._inject(fn, True, self.w.session_agen)

    def _inject(self, fn, scope, session=None):
        from dishka.integrations.base import wrap_injection

        c = self._async(session)
        return wrap_injection(func=fn, is_async=True, container_getter=lambda a, k: c, manage_scope=scope)

    def d(self):
        from dishka import FromDishka

        w = self.w

        async def fn(c: FromDishka[w.Config], s: FromDishka[w.Session], k: FromDishka[w.Clock]):
            return c, s, k

        fn.__annotations__ = {"c": FromDishka[w.Config], "s": FromDishka[w.Session], "k": FromDishka[w.Clock]}
        return self._inject(fn, True)

    def d1(self):
        from dishka import FromDishka

        w = self.w

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {"c": FromDishka[w.Config], "s": FromDishka[w.Cache], "k": FromDishka[w.Bus]}
        return self._inject(fn, False)

    def wide_build(self, m):
        import dishka

        p = dishka.Provider()
        for i in range(WIDE_N):
            p.provide(getattr(m, f"S{i}"), scope=dishka.Scope.APP)
        return dishka.make_container(p)

    def wide_first(self, h, cls):
        return h.get(cls)


class DishkaNoLock(Dishka):
    name = "dishka(lock=None)"
    imports = ()

    def _sync(self, session=None):
        import dishka

        return dishka.make_container(self._provider(session or self.w.Session), lock_factory=None)

    def _async(self, session=None):
        import dishka

        return dishka.make_async_container(self._provider(session or self.w.Session), lock_factory=None)

    def wide_build(self, m):
        return None


class Wireup(Adapter):
    name = "wireup"
    dist = "wireup"
    imports = ("wireup",)

    def _inj(self, session=None):
        import wireup

        w = self.w
        out = []
        for n in ("Config", "Cache", "Bus"):
            out.append(wireup.injectable(getattr(w, n), lifetime="singleton"))
        for n in LEAVES + MIDS + ["Root"] + TRANSIENT + ["Handler"]:
            out.append(wireup.injectable(getattr(w, n), lifetime="transient"))
        for n in SCOPED:
            out.append(wireup.injectable(getattr(w, n), lifetime="scoped"))
        out.append(wireup.injectable(session or w.Session, lifetime="scoped"))
        return out

    def _sync(self, s=None):
        import wireup

        return wireup.create_sync_container(injectables=self._inj(s))

    def _async(self, s=None):
        import wireup

        return wireup.create_async_container(injectables=self._inj(s))

    def a(self):
        c = self._sync()
        k = self.w.Config
        return lambda: c.get(k)

    def b(self):  # transients resolve only inside a scope: one scope, opened once
        c = self._sync()
        k = self.w.Root
        self._keep = cm = c.enter_scope()
        s = cm.__enter__()
        return lambda: s.get(k)

    def c(self, session=None):
        c = self._sync(session)
        k = self.w.Handler

        def run():
            with c.enter_scope() as s:
                return s.get(k)

        return run

    def cr(self):
        return self.c(self.w.session_gen)

    def ca(self):
        c = self._async(self.w.session_agen)
        k = self.w.Handler

        async def run():
            async with c.enter_scope() as s:
                return await s.get(k)

        return run

    def _inject(self, **ann):
        import wireup

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {k: wireup.Injected[v] for k, v in ann.items()}
        return wireup.inject_from_container(self._async())(fn)

    def d(self):
        return self._inject(c=self.w.Config, s=self.w.Session, k=self.w.Clock)

    def d1(self):
        return self._inject(c=self.w.Config, s=self.w.Cache, k=self.w.Bus)

    def h(self):
        import wireup

        async def fn(h):
            return h

        fn.__annotations__ = {"h": wireup.Injected[self.w.Handler]}
        return wireup.inject_from_container(self._async(self.w.session_agen))(fn)

    def wide_build(self, m):
        import wireup

        return wireup.create_sync_container(injectables=[wireup.injectable(getattr(m, f"S{i}")) for i in range(WIDE_N)])

    def wide_first(self, h, cls):
        return h.get(cls)


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

    def wide_first(self, h, cls):
        return h.resolve(cls)


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

    def wide_first(self, h, cls):
        return h.resolve(cls)


class Anydi(Adapter):
    name = "anydi"
    dist = "anydi"
    imports = ("anydi",)

    def _c(self, session=None):
        from anydi import Container

        w = self.w
        c = Container()
        for n in ("Config", "Cache", "Bus"):
            c.register(getattr(w, n), scope="singleton")
        for n in LEAVES + MIDS + ["Root"] + TRANSIENT + ["Handler"]:
            c.register(getattr(w, n), scope="transient")
        for n in SCOPED:
            c.register(getattr(w, n), scope="request")
        if session:
            c.register(w.Session, session, scope="request")
        else:
            c.register(w.Session, scope="request")
        c.build()
        return c

    def a(self):
        c = self._c()
        k = self.w.Config
        return lambda: c.resolve(k)

    def b(self):
        c = self._c()
        k = self.w.Root
        return lambda: c.resolve(k)

    def c(self, session=None):
        c = self._c(session)
        k = self.w.Handler

        def run():
            with c.request_context():
                return c.resolve(k)

        return run

    def cr(self):
        return self.c(self.w.session_gen)

    def ca(self):
        c = self._c(self.w.session_agen)
        k = self.w.Handler

        async def run():
            async with c.arequest_context():
                return await c.aresolve(k)

        return run

    def _inject(self, **ann):
        from anydi import Provide

        c = self._c()
        self._keep = c

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {k: Provide[v] for k, v in ann.items()}
        return c, c.inject(fn)

    def d(self):
        c, f = self._inject(c=self.w.Config, s=self.w.Session, k=self.w.Clock)

        async def run():
            async with c.arequest_context():
                return await f()

        return run

    def d1(self):
        return self._inject(c=self.w.Config, s=self.w.Cache, k=self.w.Bus)[1]

    def wide_build(self, m):
        from anydi import Container

        c = Container()
        for i in range(WIDE_N):
            c.register(getattr(m, f"S{i}"), scope="singleton")
        c.build()
        return c

    def wide_first(self, h, cls):
        return h.resolve(cls)


PEERS: list[type[Adapter]] = [Dishka, DishkaNoLock, Wireup, Diwire, DiwireNoLock, ModernDi, Anydi]
