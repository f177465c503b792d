# ruff: noqa: I001, N806, PLW0108, RUF059, UP031
# Written as the documentation of dependency-injector writes it; the cases have one letter.
"""dependency-injector."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter, fresh, serial


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
