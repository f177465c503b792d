# ruff: noqa: RUF005
# Written as the documentation of injector writes it; the cases have one letter.
"""injector."""

from __future__ import annotations

from _di_workload import MIDS, WIDE_N, Adapter


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
