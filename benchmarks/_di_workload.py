# ruff: noqa: E501, PLW0108, PT018
# The floor is called through a lambda, as all others are; the cases have one letter, explained in di.py.
"""What is measured: the classes of the workload, the shape of an adapter, and hand-written Python as the floor."""

from __future__ import annotations

import contextvars
import itertools
import sys
import types

WORKLOAD = (
    """
from typing import Iterator, AsyncIterator
class Config: pass
class Cache: pass
class Bus: pass
"""
    + "".join(f"class L{i}: pass\n" for i in range(8))
    + "".join(
        f"class M{i}:\n    def __init__(self, a: L{2 * i}, b: L{2 * i + 1}) -> None:\n        self.a = a; self.b = b\n"
        for i in range(4)
    )
    + """
class Root:
    def __init__(self, a: M0, b: M1, c: M2, d: M3) -> None:
        self.a = a; self.b = b; self.c = c; self.d = d
class Session:
    def __init__(self) -> None:
        self.closed = False
class Uow:
    def __init__(self, session: Session) -> None:
        self.session = session
class RepoA:
    def __init__(self, session: Session) -> None:
        self.session = session
class RepoB:
    def __init__(self, session: Session) -> None:
        self.session = session
class Clock: pass
class Mapper: pass
class Handler:
    def __init__(self, session: Session, uow: Uow, a: RepoA, b: RepoB, clock: Clock, mapper: Mapper) -> None:
        self.session = session; self.uow = uow; self.a = a; self.b = b; self.clock = clock; self.mapper = mapper
def session_gen() -> Iterator[Session]:
    s = Session()
    try:
        yield s
    finally:
        s.closed = True
async def session_agen() -> AsyncIterator[Session]:
    s = Session()
    try:
        yield s
    finally:
        s.closed = True
"""
)
LEAVES = [f"L{i}" for i in range(8)]
MIDS = [f"M{i}" for i in range(4)]
SCOPED = ["Uow", "RepoA", "RepoB"]  # Session is registered apart (class or generator)
TRANSIENT = ["Clock", "Mapper"]
serial = itertools.count()


def fresh(source: str = WORKLOAD) -> types.ModuleType:
    m = types.ModuleType(f"di_workload_{next(serial)}")
    sys.modules[m.__name__] = m
    exec(compile(source, m.__name__, "exec", dont_inherit=True), m.__dict__)  # real annotations, not strings
    return m


def wide_source(n: int = 500) -> str:
    out = []
    for i in range(n):
        deps = sorted({i // 2, i // 3} - {i})
        args = ", ".join(f"a{d}: S{d}" for d in deps)
        out.append(
            f"class S{i}:\n    def __init__(self{', ' + args if args else ''}) -> None:\n        self.deps = ({' '.join(f'a{d},' for d in deps)})\n"
        )
    return "".join(out)


WIDE = wide_source()
WIDE_N = 500


def check_handler(h, w):
    assert (
        type(h) is w.Handler and h.session is h.uow.session is h.a.session is h.b.session and type(h.clock) is w.Clock
    )
    return h


class Adapter:
    name = "?"
    dist = None  # distribution name (for the version)
    imports = ()  # modules whose import is timed, in a fresh interpreter
    note = ""

    def __init__(self):
        self.w = fresh()

    def a(self):
        return None  # each returns a zero-argument callable, or None

    def b(self):
        return None

    def c(self):
        return None

    def cr(self):
        return None

    def ca(self):
        return None  # zero-argument coroutine function

    def d(self):
        return None

    def d1(self):
        return None

    def h(self):
        return None

    def wide_build(self, m):
        return None  # -> handle

    def wide_first(self, handle, cls):
        return handle.resolve(cls)


class Floor(Adapter):
    name = "hand-written"

    def a(self):
        cfg = self.w.Config()

        def get_config():
            return cfg

        return lambda: get_config()

    def b(self):
        ns = dict(vars(self.w))
        exec("def make():\n    return Root(M0(L0(), L1()), M1(L2(), L3()), M2(L4(), L5()), M3(L6(), L7()))", ns)
        make = ns["make"]
        return lambda: make()

    def c(self):
        ns = dict(vars(self.w))
        exec("def make():\n    s = Session()\n    return Handler(s, Uow(s), RepoA(s), RepoB(s), Clock(), Mapper())", ns)
        return ns["make"]

    def cr(self):
        ns = dict(vars(self.w))
        exec(
            "def make():\n    s = Session()\n    try:\n        return Handler(s, Uow(s), RepoA(s), RepoB(s), Clock(), Mapper())\n    finally:\n        s.closed = True",
            ns,
        )
        return ns["make"]

    def ca(self):
        ns = dict(vars(self.w))
        exec(
            "async def make():\n    s = Session()\n    try:\n        return Handler(s, Uow(s), RepoA(s), RepoB(s), Clock(), Mapper())\n    finally:\n        s.closed = True",
            ns,
        )
        return ns["make"]

    def d(self):
        w = self.w
        cfg = w.Config()

        async def fn(c, s, k):
            return c, s, k

        async def call():
            return await fn(cfg, w.Session(), w.Clock())

        return call

    def d1(self):
        w = self.w
        x = w.Config(), w.Cache(), w.Bus()
        a, b, c = x

        async def fn(c, s, k):
            return c, s, k

        async def call():
            return await fn(a, b, c)

        return call

    def h(self):
        ns = dict(vars(self.w))
        exec(
            "async def fn(h): return h\nasync def call():\n    s = Session()\n    try:\n        return await fn(Handler(s, Uow(s), RepoA(s), RepoB(s), Clock(), Mapper()))\n    finally:\n        s.closed = True",
            ns,
        )
        return ns["call"]

    def wide_build(self, m):
        memo = {}

        def thunk(cls, deps):
            def get():
                v = memo.get(cls)
                if v is None:
                    v = memo[cls] = cls(*[d() for d in deps])
                return v

            return get

        reg = {}
        for i in range(WIDE_N):
            reg[i] = thunk(getattr(m, f"S{i}"), [reg[d] for d in sorted({i // 2, i // 3} - {i})])
        return {getattr(m, f"S{i}"): reg[i] for i in range(WIDE_N)}

    def wide_first(self, h, cls):
        return h[cls]()


class AmbientFloor(Adapter):
    """The floor of an injected call whose scope is ambient: what is called could find it."""

    name = "hand-written + ambient"

    def d(self):
        w, cfg = self.w, self.w.Config()
        current = contextvars.ContextVar("current")

        async def fn(c, s, k):
            return c, s, k

        async def call():
            session = w.Session()
            token = current.set(session)
            try:
                return await fn(cfg, session, w.Clock())
            finally:
                current.reset(token)

        return call

    def d1(self):
        w = self.w
        x = w.Config(), w.Cache(), w.Bus()
        a, b, c = x
        current = contextvars.ContextVar("current")

        async def fn(c, s, k):
            return c, s, k

        async def call():
            token = current.set(x)
            try:
                return await fn(a, b, c)
            finally:
                current.reset(token)

        return call

    def h(self):
        ns = {**vars(self.w), "current": contextvars.ContextVar("current")}
        exec(
            "async def fn(h): return h\nasync def call():\n    s = Session()\n    token = current.set(s)\n    try:\n        return await fn(Handler(s, Uow(s), RepoA(s), RepoB(s), Clock(), Mapper()))\n    finally:\n        current.reset(token)\n        s.closed = True",
            ns,
        )
        return ns["call"]
