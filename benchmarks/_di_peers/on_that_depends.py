# ruff: noqa: I001, N806, PLW0108, UP031
# Written as the documentation of that-depends writes it; the cases have one letter.
"""that-depends."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter, serial


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
        from that_depends import inject, ContextScopes

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
