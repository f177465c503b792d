# ruff: noqa: RUF005
# Written as the documentation of rodi writes it; the cases have one letter.
"""rodi."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter


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
