"""The middleware of an application in one place: ordered, conditional, typed."""

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
    """What `use` takes: a class or function that puts itself around an ASGI application."""

    def __call__(self, app: ASGIApp, /, *args: P.args, **options: P.kwargs) -> ASGIApp: ...


@final
class MiddlewarePipeline:
    """Middleware in the order in which requests meet it: what is added first is outermost.

    `use`, `use_inline` and `use_when` say where each belongs with the same five options:

    * `when`: a bool, or a function without parameters that `install` asks; False leaves the middleware out.
    * `priority`: the higher, the further out; 0 when not given. Equal ones keep the order of registration.
    * `name`: what `before` and `after` of others call it; by default the name of the class or function in snake
      case without `_middleware`, so that `RequestIdMiddleware` is `request_id`.
    * `before`, `after`: a name, class or function, or several, that must come further in, or further out. They
      outrank the priority.

    `create_app` installs the one that `presentation/web/pipeline.py` of a project returns from its function
    `pipeline`, or the value `pipeline` of its `config.py`.

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
    def use(  # type: ignore[misc]  # a class with an option called `when` is given inside a Middleware
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
        """Add a middleware class: one whose instances are ASGI applications around another.

        Args:
            cls: called with the next application and the options; or a `starlette.middleware.Middleware`, which
                holds a class with its options, for a class that has an option called `name` or `priority` itself.
            args: positional options of the class.
            when: see the class.
            priority: see the class.
            name: see the class.
            before: see the class.
            after: see the class.
            options: options of the class; checkers compare them with its constructor, `install` does too. Without
                options, and beside one of the five, checkers leave it to `install` whether the container supplies the
                rest.

        Raises:
            MiddlewareError: no callable was given, or the pipeline is installed already.
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
        """Add a function `async (request, call_next)` that returns a response; bare, or with the options of the class.

        It runs in the task of the request: context variables flow both ways, streams are not touched, exceptions
        surface at `call_next`, and a cancellation reaches what it waits for. Functions in a row cost one call each.

        Args:
            function: gets the `starlette.requests.Request` and `call_next`, which gives the response of what comes
                after, before a byte of it was sent. It is returned as it is.
            placing: see the class.

        Raises:
            MiddlewareError: no async function of two parameters was given, or the pipeline is installed already.
        """
        if function is None:
            return partial(self._inline, placing)
        return self._inline(placing, function)

    def _inline(self, placing: dict[str, Any], function: Any) -> Any:
        if not is_async(function) or not takes(function, 2, exactly=False):
            fix = "write: async def name(request, call_next)"
            raise misuse("is no async function of (request, call_next)", function, fix)
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
        """Add middleware that only some connections meet; all meet again after it.

        Args:
            predicate: asked for each HTTP request and each WebSocket (by authentication outside too, for rate limits
                in the branch), with its
                `starlette.requests.HTTPConnection`; True takes the branch.
            branch: called at once with an empty pipeline, which it fills.
            when: see the class.
            priority: see the class.
            name: see the class.
            before: see the class; names within a branch are its own.
            after: see the class.

        Raises:
            MiddlewareError: the predicate is async or takes no connection, or the pipeline is installed already.
        """
        if is_async(predicate) or not takes(predicate, 1):
            fix = 'write: lambda connection: route_path(connection).startswith("/admin/")'
            raise misuse("is no plain function of one connection", predicate, fix)
        inner = MiddlewarePipeline()
        branch(inner)
        placing = {"when": when, "priority": priority, "name": name, "before": before, "after": after}
        self._add("branch", predicate, placing, branch=inner)
        return self

    def install(self, app: Starlette, *, container: Container | None = None) -> None:
        """Put the middleware around an application, inside what is added to the application later.

        The pipeline takes no more middleware from here on; it may be installed on further applications. The
        middleware itself is made when the application starts.

        Args:
            app: a FastAPI or Starlette application that serves nothing yet.
            container: supplies the parameters of constructors and inline functions that no option gives;
                `create_app` gives that of the application.

        Raises:
            MiddlewareOrderError: a cycle, a repeated name, or a reference that names nothing or several.
            MiddlewareError: options that do not fit their class, or the application has started.
            ConfigurationErrors: more than one of these.
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
        """Return any ASGI application with the middleware around it; otherwise as `install`."""
        errors: list[Exception] = []
        stack = self._resolve(errors, container)
        refuse(errors)
        self._freeze()
        return stack.build(app, container)

    def describe(self, *, container: Container | None = None) -> tuple[MiddlewareStep, ...]:
        """Return the resolved order, the outermost first, with the reasons; what `when` leaves out comes last.

        Args:
            container: as in `install`.

        Raises:
            MiddlewareOrderError, MiddlewareError, ConfigurationErrors: as `install` does.
        """
        errors: list[Exception] = []
        stack = self._resolve(errors, container)
        refuse(errors)
        return tuple(steps(stack))

    def _add(self, kind: Any, target: Any, placing: dict[str, Any], **rest: Any) -> None:
        if self._is_installed:
            raise misuse("comes too late: the pipeline is installed", target, "add it before install or create_app")
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
    """Return the resolved middleware of a pipeline that was wrapped around a route."""
    return pipeline._resolve([], None)  # pyright: ignore[reportPrivateUsage]  # of this module
