# ruff: noqa: PERF401
# Written as the documentation of wireup writes it; the cases have one letter.
"""wireup."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter


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
