# ruff: noqa: N806, RUF005
# Written as the documentation of dishka writes it; the cases have one letter.
"""dishka."""

from __future__ import annotations

from _di_workload import LEAVES, MIDS, SCOPED, TRANSIENT, WIDE_N, Adapter


class Dishka(Adapter):
    name = "dishka"
    dist = "dishka"
    imports = ("dishka",)

    def _provider(self, session):
        import dishka

        p = dishka.Provider()
        w = self.w
        A, R = dishka.Scope.APP, dishka.Scope.REQUEST
        for n in ("Config", "Cache", "Bus"):
            p.provide(getattr(w, n), scope=A)
        for n in LEAVES + MIDS + ["Root"]:
            p.provide(getattr(w, n), scope=A, cache=False)
        for n in SCOPED:
            p.provide(getattr(w, n), scope=R)
        for n in TRANSIENT + ["Handler"]:
            p.provide(getattr(w, n), scope=R, cache=False)
        p.provide(session, scope=R)
        return p

    def _sync(self, session=None):
        import dishka

        return dishka.make_container(self._provider(session or self.w.Session))

    def _async(self, session=None):
        import dishka

        return dishka.make_async_container(self._provider(session or self.w.Session))

    def a(self):
        c = self._sync()
        k = self.w.Config
        return lambda: c.get(k)

    def b(self):
        c = self._sync()
        k = self.w.Root
        return lambda: c.get(k)

    def c(self, session=None):
        c = self._sync(session)
        k = self.w.Handler

        def run():
            with c() as r:
                return r.get(k)

        return run

    def cr(self):
        return self.c(self.w.session_gen)

    def ca(self):
        c = self._async(self.w.session_agen)
        k = self.w.Handler

        async def run():
            async with c() as r:
                return await r.get(k)

        return run

    def h(self):
        from dishka import FromDishka

        async def fn(h):
            return h

        fn.__annotations__ = {"h": FromDishka[self.w.Handler]}
        return self._inject(fn, True, self.w.session_agen)

    def _inject(self, fn, scope, session=None):
        from dishka.integrations.base import wrap_injection

        c = self._async(session)
        return wrap_injection(func=fn, is_async=True, container_getter=lambda a, k: c, manage_scope=scope)

    def d(self):
        from dishka import FromDishka

        w = self.w

        async def fn(c: FromDishka[w.Config], s: FromDishka[w.Session], k: FromDishka[w.Clock]):
            return c, s, k

        fn.__annotations__ = {"c": FromDishka[w.Config], "s": FromDishka[w.Session], "k": FromDishka[w.Clock]}
        return self._inject(fn, True)

    def d1(self):
        from dishka import FromDishka

        w = self.w

        async def fn(c, s, k):
            return c, s, k

        fn.__annotations__ = {"c": FromDishka[w.Config], "s": FromDishka[w.Cache], "k": FromDishka[w.Bus]}
        return self._inject(fn, False)

    def wide_build(self, m):
        import dishka

        p = dishka.Provider()
        for i in range(WIDE_N):
            p.provide(getattr(m, f"S{i}"), scope=dishka.Scope.APP)
        return dishka.make_container(p)

    def wide_first(self, h, cls):
        return h.get(cls)


class DishkaNoLock(Dishka):
    name = "dishka(lock=None)"
    imports = ()

    def _sync(self, session=None):
        import dishka

        return dishka.make_container(self._provider(session or self.w.Session), lock_factory=None)

    def _async(self, session=None):
        import dishka

        return dishka.make_async_container(self._provider(session or self.w.Session), lock_factory=None)

    def wide_build(self, m):
        return None
