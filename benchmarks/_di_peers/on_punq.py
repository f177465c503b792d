# Written as the documentation of punq writes it; the cases have one letter.
"""punq."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, WIDE_N, Adapter


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
