# ruff: noqa: C901, E501
# Written as the documentation of svcs writes it; the cases have one letter.
"""svcs."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter


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
