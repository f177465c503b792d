# Written as the documentation of anydi writes it; the cases have one letter.
"""anydi."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter


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
