# ruff: noqa: C901, E401, E501, F401, I001, N806, PLW0108, RUF005, RUF059, SIM117, UP031
# Peers as their own documentation writes them; the cases have one letter.
"""The other peers: that-depends, dependency-injector, rodi, lagom, svcs, injector, punq."""

from __future__ import annotations

import contextlib

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter, fresh, serial


class ThatDepends(Adapter):
    name = "that-depends"
    dist = "that-depends"
    imports = ("that_depends",)

    def _container(self, session="plain"):
        from that_depends import BaseContainer, providers as p, ContextScopes

        w = self.w

        def plain():
            yield w.Session()

        src = {"plain": plain, "gen": w.session_gen, "agen": w.session_agen}[session]
        ns = {}
        for n in ("Config", "Cache", "Bus"):
            ns[n] = p.Singleton(getattr(w, n))
        for n in LEAVES:
            ns[n] = p.Factory(getattr(w, n))
        for i, n in enumerate(MIDS):
            ns[n] = p.Factory(getattr(w, n), ns[f"L{2 * i}"].cast, ns[f"L{2 * i + 1}"].cast)
        ns["Root"] = p.Factory(w.Root, *[ns[n].cast for n in MIDS])
        ns["Session"] = p.ContextResource(src).with_config(scope=ContextScopes.REQUEST)
        # a plain class cannot be scoped here: scoped = ContextResource over a generator
        for n in SCOPED:
            cls = getattr(w, n)

            def mk(cls=cls):
                def gen(session):
                    yield cls(session)

                gen.__name__ = cls.__name__
                return gen

            ns[n] = p.ContextResource(mk(), ns["Session"].cast).with_config(scope=ContextScopes.REQUEST)
        for n in TRANSIENT:
            ns[n] = p.Factory(getattr(w, n))
        ns["Handler"] = p.Factory(
            w.Handler,
            ns["Session"].cast,
            ns["Uow"].cast,
            ns["RepoA"].cast,
            ns["RepoB"].cast,
            ns["Clock"].cast,
            ns["Mapper"].cast,
        )
        return type("C%d" % next(serial), (BaseContainer,), ns)

    def a(self):
        p = self._container().Config
        return lambda: p.resolve_sync()

    def b(self):
        p = self._container().Root
        return lambda: p.resolve_sync()

    def c(self, session="plain"):
        from that_depends import container_context, ContextScopes

        C = self._container(session)
        R = ContextScopes.REQUEST
        H = C.Handler

        def run():
            with container_context(C, scope=R):
                return H.resolve_sync()

        return run

    def cr(self):
        return self.c("gen")

    def ca(self):
        from that_depends import container_context, ContextScopes

        C = self._container("agen")
        R = ContextScopes.REQUEST
        H = C.Handler

        async def run():
            async with container_context(C, scope=R):
                return await H.resolve()

        return run

    def d(self):
        from that_depends import inject, Provide, ContextScopes

        C = self._container()

        @inject(scope=ContextScopes.REQUEST)
        async def fn(c=C.Config, s=C.Session, k=C.Clock):
            return c, s, k

        return fn

    def h(self):
        from that_depends import inject, ContextScopes

        C = self._container("agen")

        @inject(scope=ContextScopes.REQUEST)
        async def fn(h=C.Handler):
            return h

        return fn

    def d1(self):
        from that_depends import inject

        C = self._container()

        @inject
        async def fn(c=C.Config, s=C.Cache, k=C.Bus):
            return c, s, k

        return fn

    def wide_build(self, m):
        from that_depends import BaseContainer, providers as p

        ns = {}
        for i in range(WIDE_N):
            ns[f"S{i}"] = p.Singleton(getattr(m, f"S{i}"), *[ns[f"S{d}"].cast for d in sorted({i // 2, i // 3} - {i})])
        return type("W%d" % next(serial), (BaseContainer,), ns)

    def wide_first(self, h, cls):
        return getattr(h, cls.__name__).resolve_sync()


class DependencyInjector(Adapter):
    name = "dependency-injector"
    dist = "dependency-injector"
    imports = ("dependency_injector.containers", "dependency_injector.providers", "dependency_injector.wiring")
    note = "Cython; scopes emulated with ContextLocalSingleton.reset(), resource init/shutdown by hand"

    def _container(self, session="plain"):
        from dependency_injector import containers, providers as p

        w = self.w
        ns = {}
        for n in ("Config", "Cache", "Bus"):
            ns[n] = p.ThreadSafeSingleton(getattr(w, n))
        for n in LEAVES:
            ns[n] = p.Factory(getattr(w, n))
        for i, n in enumerate(MIDS):
            ns[n] = p.Factory(getattr(w, n), ns[f"L{2 * i}"], ns[f"L{2 * i + 1}"])
        ns["Root"] = p.Factory(w.Root, *[ns[n] for n in MIDS])
        ns["Session"] = (
            p.ContextLocalSingleton(w.Session)
            if session == "plain"
            else p.Resource(w.session_gen if session == "gen" else w.session_agen)
        )
        for n in SCOPED:
            ns[n] = p.ContextLocalSingleton(getattr(w, n), ns["Session"])
        for n in TRANSIENT:
            ns[n] = p.Factory(getattr(w, n))
        ns["Handler"] = p.Factory(
            w.Handler, ns["Session"], ns["Uow"], ns["RepoA"], ns["RepoB"], ns["Clock"], ns["Mapper"]
        )
        return type("C%d" % next(serial), (containers.DeclarativeContainer,), ns)()

    def a(self):
        c = self._container()
        return lambda: c.Config()

    def b(self):
        c = self._container()
        return lambda: c.Root()

    def c(self, session="plain"):
        C = self._container(session)
        S, U, A, B, H = C.Session, C.Uow, C.RepoA, C.RepoB, C.Handler
        end = S.reset if session == "plain" else S.shutdown

        def run():
            try:
                return H()
            finally:
                U.reset()
                A.reset()
                B.reset()
                end()

        return run

    def cr(self):
        return self.c("gen")

    def ca(self):
        C = self._container("agen")
        S, U, A, B, H = C.Session, C.Uow, C.RepoA, C.RepoB, C.Handler

        async def run():
            try:
                return await H()
            finally:
                U.reset()
                A.reset()
                B.reset()
                await S.shutdown()

        return run

    def _wire(self, names):
        from dependency_injector.wiring import inject, Provide

        C = self._container()
        src = (
            "from dependency_injector.wiring import inject, Provide\n@inject\nasync def fn("
            + ", ".join(f"{a}=Provide['{n}']" for a, n in names)
            + "):\n    return "
            + ", ".join(a for a, _ in names)
            + "\n"
        )
        m = fresh(src)
        C.wire(modules=[m])
        self._keep = C
        return C, m

    def d(self):
        C, m = self._wire([("c", "Config"), ("s", "Session"), ("k", "Clock")])
        S = C.Session

        async def run():
            try:
                return await m.fn()
            finally:
                S.reset()

        return run

    def d1(self):
        C, m = self._wire([("c", "Config"), ("s", "Cache"), ("k", "Bus")])

        async def run():
            return await m.fn()

        return run

    def wide_build(self, m):
        from dependency_injector import containers, providers as p

        ns = {}
        for i in range(WIDE_N):
            ns[f"S{i}"] = p.ThreadSafeSingleton(
                getattr(m, f"S{i}"), *[ns[f"S{d}"] for d in sorted({i // 2, i // 3} - {i})]
            )
        return type("W%d" % next(serial), (containers.DeclarativeContainer,), ns)()

    def wide_first(self, h, cls):
        return getattr(h, cls.__name__)()


class Rodi(Adapter):
    name = "rodi"
    dist = "rodi"
    imports = ("rodi",)
    note = "no async factories, no finalisers"

    def _p(self):
        import rodi

        w = self.w
        c = rodi.Container()
        for n in ("Config", "Cache", "Bus"):
            c.add_singleton(getattr(w, n))
        for n in LEAVES + MIDS + ["Root"] + TRANSIENT + ["Handler"]:
            c.add_transient(getattr(w, n))
        for n in SCOPED + ["Session"]:
            c.add_scoped(getattr(w, n))
        return c.build_provider()

    def a(self):
        p = self._p()
        k = self.w.Config
        return lambda: p.get(k)

    def b(self):
        p = self._p()
        k = self.w.Root
        return lambda: p.get(k)

    def c(self):
        p = self._p()
        k = self.w.Handler

        def run():
            with p.create_scope() as s:
                return p.get(k, s)

        return run

    def _x(self, **ann):
        async def fn(c, s, k):
            return c, s, k

        import rodi

        fn.__annotations__ = ann
        return self._p().get_executor(rodi.inject()(fn))

    def d(self):
        return self._x(c=self.w.Config, s=self.w.Session, k=self.w.Clock)

    def d1(self):
        return self._x(c=self.w.Config, s=self.w.Cache, k=self.w.Bus)

    def wide_build(self, m):
        import rodi

        c = rodi.Container()
        for i in range(WIDE_N):
            c.add_singleton(getattr(m, f"S{i}"))
        return c.build_provider()

    def wide_first(self, h, cls):
        return h.get(cls)


class Lagom(Adapter):
    name = "lagom"
    dist = "lagom"
    imports = ("lagom",)
    note = "mypyc build where a wheel exists"

    def _c(self):
        import lagom

        w = self.w
        c = lagom.Container()
        for n in ("Config", "Cache", "Bus"):
            c[getattr(w, n)] = lagom.Singleton(getattr(w, n))
        return c

    def a(self):
        c = self._c()
        k = self.w.Config
        return lambda: c[k]

    def b(self):
        c = self._c()
        k = self.w.Root
        return lambda: c[k]

    def c(self, gen=False):
        import lagom, typing

        w = self.w
        c = self._c()
        if gen:
            c[typing.ContextManager[w.Session]] = contextlib.contextmanager(w.session_gen)
        ctx = lagom.ContextContainer(c, context_types=[], context_singletons=[w.Session] if gen else [])
        k = w.Handler
        extra = [getattr(w, n) for n in (SCOPED if gen else SCOPED + ["Session"])]
        if not gen:

            def run():
                with c.temporary_singletons(extra) as t:
                    return t[k]

            return run

        def run():
            with ctx as s:
                with s.temporary_singletons(extra) as t:
                    return t[k]

        return run

    def cr(self):
        return self.c(True)

    def d1(self):
        w = self.w
        c = self._c()

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {"c": w.Config, "s": w.Cache, "k": w.Bus}
        return c.magic_partial(fn)

    def d(self):
        w = self.w
        c = self._c()

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {"c": w.Config, "s": w.Session, "k": w.Clock}
        return c.magic_partial(fn, shared=[w.Session])

    def wide_build(self, m):
        import lagom

        c = lagom.Container()
        for i in range(WIDE_N):
            c[getattr(m, f"S{i}")] = lagom.Singleton(getattr(m, f"S{i}"))
        return c

    def wide_first(self, h, cls):
        return h[cls]


class Svcs(Adapter):
    name = "svcs"
    dist = "svcs"
    imports = ("svcs",)
    note = "a locator: factories written by hand; no transient lifetime (b opens one container per graph), no function injection"

    def _reg(self, session=None):
        import svcs

        w = self.w
        r = svcs.Registry()
        for n in ("Config", "Cache", "Bus"):
            r.register_value(getattr(w, n), getattr(w, n)())
        for n in LEAVES + TRANSIENT:
            r.register_factory(getattr(w, n), getattr(w, n))

        def mk(cls, deps):
            def f(svcs_container):
                return cls(*svcs_container.get(*deps)) if len(deps) > 1 else cls(svcs_container.get(*deps))

            return f

        for i, n in enumerate(MIDS):
            r.register_factory(getattr(w, n), mk(getattr(w, n), [getattr(w, f"L{2 * i}"), getattr(w, f"L{2 * i + 1}")]))
        r.register_factory(w.Root, mk(w.Root, [getattr(w, n) for n in MIDS]))
        r.register_factory(w.Session, session or w.Session)
        for n in SCOPED:
            r.register_factory(getattr(w, n), mk(getattr(w, n), [w.Session]))
        deps = [w.Session, w.Uow, w.RepoA, w.RepoB, w.Clock, w.Mapper]
        if session is w.session_agen:
            for n in SCOPED:

                def amk(cls):
                    async def f(svcs_container):
                        return cls(await svcs_container.aget(w.Session))

                    return f

                r.register_factory(getattr(w, n), amk(getattr(w, n)))

            async def h(svcs_container):
                return w.Handler(*await svcs_container.aget(*deps))

            r.register_factory(w.Handler, h)
        else:
            r.register_factory(w.Handler, mk(w.Handler, deps))
        return r

    def a(self):
        import svcs

        c = svcs.Container(self._reg())
        k = self.w.Config
        return lambda: c.get(k)

    def b(self):
        import svcs

        r = self._reg()
        k = self.w.Root

        def run():
            with svcs.Container(r) as c:
                return c.get(k)

        return run

    def c(self, session=None):
        import svcs

        r = self._reg(session)
        k = self.w.Handler

        def run():
            with svcs.Container(r) as c:
                return c.get(k)

        return run

    def cr(self):
        return self.c(self.w.session_gen)

    def ca(self):
        import svcs

        r = self._reg(self.w.session_agen)
        k = self.w.Handler

        async def run():
            async with svcs.Container(r) as c:
                return await c.aget(k)

        return run

    def wide_build(self, m):
        import svcs

        r = svcs.Registry()

        def mk(cls, deps):
            def f(svcs_container):
                return cls(*[svcs_container.get(d) for d in deps])

            return f

        for i in range(WIDE_N):
            r.register_factory(
                getattr(m, f"S{i}"),
                mk(getattr(m, f"S{i}"), [getattr(m, f"S{d}") for d in sorted({i // 2, i // 3} - {i})]),
            )
        return svcs.Container(r)

    def wide_first(self, h, cls):
        return h.get(cls)


class Injector(Adapter):
    name = "injector"
    dist = "injector"
    imports = ("injector",)
    note = "no request scope of its own"

    def _i(self):
        import injector

        w = self.w

        def conf(b):
            for n in ("Config", "Cache", "Bus"):
                b.bind(getattr(w, n), to=getattr(w, n), scope=injector.singleton)

        for n in MIDS + ["Root"]:
            cls = getattr(w, n)
            cls.__init__ = injector.inject(cls.__init__)
        return injector.Injector(conf)

    def a(self):
        i = self._i()
        k = self.w.Config
        return lambda: i.get(k)

    def b(self):
        i = self._i()
        k = self.w.Root
        return lambda: i.get(k)

    def d1(self):
        import injector

        w = self.w
        i = self._i()

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {"c": w.Config, "s": w.Cache, "k": w.Bus}
        f = injector.inject(fn)
        return lambda: i.call_with_injection(f)

    def wide_build(self, m):
        import injector

        for i in range(WIDE_N):
            cls = getattr(m, f"S{i}")
            cls.__init__ = injector.inject(cls.__init__)
        return injector.Injector(
            lambda b: [
                b.bind(getattr(m, f"S{i}"), to=getattr(m, f"S{i}"), scope=injector.singleton) for i in range(WIDE_N)
            ]
        )

    def wide_first(self, h, cls):
        return h.get(cls)


class Punq(Adapter):
    name = "punq"
    dist = "punq"
    imports = ("punq",)

    def _c(self):
        import punq

        w = self.w
        c = punq.Container()
        for n in ("Config", "Cache", "Bus"):
            c.register(getattr(w, n), scope=punq.Scope.singleton)
        for n in LEAVES + MIDS + ["Root"]:
            c.register(getattr(w, n))
        return c

    def a(self):
        c = self._c()
        k = self.w.Config
        return lambda: c.resolve(k)

    def b(self):
        c = self._c()
        k = self.w.Root
        return lambda: c.resolve(k)

    def wide_build(self, m):
        import punq

        c = punq.Container()
        for i in range(WIDE_N):
            c.register(getattr(m, f"S{i}"), scope=punq.Scope.singleton)
        return c

    def wide_first(self, h, cls):
        return h.resolve(cls)


PEERS: list[type[Adapter]] = [ThatDepends, DependencyInjector, Rodi, Lagom, Svcs, Injector, Punq]
