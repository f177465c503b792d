"""The middleware of an application: ordered, conditional, typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, Protocol, Self, TypeVar, final, overload

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from vega.core.introspection import is_async
from vega.di import Container

from .._errors import MiddlewareError
from .checks import check_class, check_inline, refuse, takes
from .inline import InlineFunction
from .order import Condition, MiddlewareEntry, MiddlewareStep, References, default_name, misuse, ordered, references
from .stack import Predicate, Stack, around, check_identity, steps

P = ParamSpec("P")
F = TypeVar("F", bound=InlineFunction)


class MiddlewareClass(Protocol[P]):
    """The argument of `use`: a class or function that wraps an ASGI application."""

    def __call__(self, app: ASGIApp, /, *args: P.args, **options: P.kwargs) -> ASGIApp: ...


@final
class MiddlewarePipeline:
    """Middleware in the order in which requests pass: the first added is outermost.

    `use`, `use_inline` and `use_when` share five options:
    * `when`: a bool, or a function without parameters called by `install`; False excludes the middleware.
    * `priority`: higher is further out; 0 by default. Equal priorities keep the order of registration.
    * `name`: the name for references in `before` and `after`; by default the name of the class or function in snake
      case without `_middleware`, so that `RequestIdMiddleware` is `request_id`.
    * `before`, `after`: a name, class or function, or several, that must be further in, or further out. Both
      take precedence over the priority.

    `create_app` installs the pipeline returned by the function `pipeline` in `presentation/web/pipeline.py` of a
    project, or the value `pipeline` of its `config.py`.

    >>> pipeline = MiddlewarePipeline()
    >>> @pipeline.use_inline
    ... async def greeting(request, call_next):
    ...     response = await call_next(request)
    ...     response.headers["x-greeting"] = "hello"
    ...     return response
    >>> for step in pipeline.describe():
    ...     print(step)
      1  greeting (inline): added 1st
    """

    def __init__(self) -> None:
        self._entries: list[MiddlewareEntry] = []
        self._is_installed = False

    @overload
    def use(self, cls: MiddlewareClass[...], /) -> Self: ...
    @overload
    def use(self, cls: MiddlewareClass[P], /, *args: P.args, **options: P.kwargs) -> Self: ...
    @overload
    def use(
        self,
        cls: Middleware,
        /,
        *,
        when: Condition = True,
        priority: int = 0,
        name: str | None = None,
        before: References = (),
        after: References = (),
    ) -> Self: ...
    @overload
    def use(self, cls: MiddlewareClass[...], /, *args: Any, when: Condition, **options: Any) -> Self: ...
    @overload
    def use(self, cls: MiddlewareClass[...], /, *args: Any, priority: int, **options: Any) -> Self: ...
    @overload
    def use(self, cls: MiddlewareClass[...], /, *args: Any, name: str, **options: Any) -> Self: ...
    @overload
    def use(self, cls: MiddlewareClass[...], /, *args: Any, before: References, **options: Any) -> Self: ...
    @overload
    def use(self, cls: MiddlewareClass[...], /, *args: Any, after: References, **options: Any) -> Self: ...
    def use(  # type: ignore[misc]  # a class with an option called `when` is passed inside a Middleware
        self,
        cls: Any,
        /,
        *args: Any,
        when: Condition = True,
        priority: int = 0,
        name: str | None = None,
        before: References = (),
        after: References = (),
        **options: Any,
    ) -> Self:
        """Add a middleware class: a class whose instances are ASGI applications around another application.

        Args:
            cls: called with the next application and the options; or a `starlette.middleware.Middleware`, which
                holds a class with its options, for a class with its own option called `name` or `priority`.
            args: positional options of the class.
            when: see the class.
            priority: see the class.
            name: see the class.
            before: see the class.
            after: see the class.
            options: options of the class; type checkers and `install` compare them with the constructor. Without
                options, and with any of the five, type checkers leave the check to `install`, because the container
                may supply the rest.

        Raises:
            MiddlewareError: `cls` is not callable, or the pipeline is already installed.
        """
        if isinstance(cls, Middleware):
            cls, args, options = cls.cls, cls.args, dict(cls.kwargs)
        if not callable(cls):
            raise misuse("cannot be called", cls, "give the class, not an instance: pipeline.use(Timing)")
        placing = {"when": when, "priority": priority, "name": name, "before": before, "after": after}
        self._add("class", cls, placing, args=args, options=options)
        return self

    @overload
    def use_inline(self, function: F, /) -> F: ...
    @overload
    def use_inline(
        self,
        /,
        *,
        when: Condition = True,
        priority: int = 0,
        name: str | None = None,
        before: References = (),
        after: References = (),
    ) -> Callable[[F], F]: ...
    def use_inline(self, function: Any = None, /, **placing: Any) -> Any:
        """Add a function `async (request, call_next)` that returns a response; a decorator, with or without options.

        The function runs in the task of the request: context variables flow both ways, streams are not buffered,
        exceptions surface at `call_next`, and a cancellation reaches its await. Consecutive functions cost a call each.

        Args:
            function: called with the `starlette.requests.Request` and `call_next`, which returns the inner response
                before its first byte is sent. Returned unchanged.
            placing: see the class.

        Raises:
            MiddlewareError: the function is not async with two parameters, or the pipeline is already installed.
        """
        if function is None:
            return partial(self._inline, placing)
        return self._inline(placing, function)

    def _inline(self, placing: dict[str, Any], function: Any) -> Any:
        if not is_async(function) or not takes(function, 2, exactly=False):
            fix = "write: async def name(request, call_next)"
            raise misuse("is not an async function of (request, call_next)", function, fix)
        self._add("inline", function, placing)
        return function

    def use_when(
        self,
        predicate: Predicate,
        branch: Callable[[MiddlewarePipeline], object],
        /,
        *,
        when: Condition = True,
        priority: int = 0,
        name: str | None = None,
        before: References = (),
        after: References = (),
    ) -> Self:
        """Add middleware for a part of the connections; both ways meet again after the branch.

        Args:
            predicate: called for each HTTP request and each WebSocket (also by outer authentication, for rate limits
                in the branch), with its `starlette.requests.HTTPConnection`; True takes the branch.
            branch: called immediately with an empty pipeline to fill.
            when: see the class.
            priority: see the class.
            name: see the class.
            before: see the class; names within a branch are local.
            after: see the class.

        Raises:
            MiddlewareError: the predicate is async or takes no connection, or the pipeline is already installed.
        """
        if is_async(predicate) or not takes(predicate, 1):
            fix = 'write: lambda connection: route_path(connection).startswith("/admin/")'
            raise misuse("is not a plain function of one connection", predicate, fix)
        inner = MiddlewarePipeline()
        branch(inner)
        placing = {"when": when, "priority": priority, "name": name, "before": before, "after": after}
        self._add("branch", predicate, placing, branch=inner)
        return self

    def install(self, app: Starlette, *, container: Container | None = None) -> None:
        """Wrap an application in the middleware, inside of middleware added to the application later.

        Afterwards the pipeline is frozen; it may be installed on further applications. The middleware is created when
        the application starts.

        Args:
            app: a FastAPI or Starlette application that has not started.
            container: supplies parameters of constructors and inline functions without options;
                `create_app` passes the container of the application.

        Raises:
            MiddlewareOrderError: a cycle, a repeated name, or an unknown or ambiguous reference.
            MiddlewareError: options do not fit their class, or the application has started.
            ConfigurationErrors: several errors.
        """
        errors: list[Exception] = []
        stack = self._resolve(errors, container)
        refuse(errors)
        if app.middleware_stack is not None:
            raise MiddlewareError(
                "the application has started: its middleware cannot change", repr(app), "install the pipeline first"
            )
        self._freeze()
        app.add_middleware(around, stack=stack, routes=lambda: app.routes, container=container)

    def wrap(self, app: ASGIApp, *, container: Container | None = None) -> ASGIApp:
        """Return any ASGI application wrapped in the middleware; otherwise like `install`."""
        errors: list[Exception] = []
        stack = self._resolve(errors, container)
        refuse(errors)
        self._freeze()
        return stack.build(app, container)

    def describe(self, *, container: Container | None = None) -> tuple[MiddlewareStep, ...]:
        """Return the resolved order, outermost first, with reasons; middleware excluded by `when` comes last.

        Args:
            container: as in `install`.

        Raises:
            MiddlewareOrderError, MiddlewareError, ConfigurationErrors: as in `install`.
        """
        errors: list[Exception] = []
        stack = self._resolve(errors, container)
        refuse(errors)
        return tuple(steps(stack))

    def _add(self, kind: Any, target: Any, placing: dict[str, Any], **rest: Any) -> None:
        if self._is_installed:
            raise misuse("is added too late: the pipeline is installed", target, "add it before install or create_app")
        name = placing.pop("name", None)
        before, after = references(placing.pop("before", ())), references(placing.pop("after", ()))
        self._entries.append(
            MiddlewareEntry(
                kind=kind,
                target=target,
                name=name if name is not None else default_name(target),
                is_named=name is not None,
                index=len(self._entries),
                before=before,
                after=after,
                **placing,
                **rest,
            )
        )

    def _freeze(self) -> None:
        self._is_installed = True
        for entry in self._entries:
            if entry.branch is not None:
                entry.branch._freeze()

    def _resolve(self, errors: list[Exception], container: Container | None) -> Stack:
        order = ordered(self._entries, errors)
        for entry in order:
            if entry.kind == "class":
                check_class(entry, container, errors)
            elif entry.kind == "inline":
                check_inline(entry, container, errors)
        branches = {entry: entry.branch._resolve(errors, container) for entry in order if entry.branch is not None}
        stack = Stack(order, branches, left_out=[entry for entry in self._entries if entry not in order])
        check_identity(stack, errors)
        return stack


def stack_of(pipeline: MiddlewarePipeline) -> Stack:
    """Return the resolved middleware of a pipeline around a route."""
    return pipeline._resolve([], None)  # pyright: ignore[reportPrivateUsage]  # of this module
