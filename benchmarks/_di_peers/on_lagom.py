# ruff: noqa: E401, I001, RUF005, SIM117
# Written as the documentation of lagom writes it; the cases have one letter.
"""lagom."""

from __future__ import annotations

import contextlib

from _di_workload import SCOPED, WIDE_N, Adapter


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
