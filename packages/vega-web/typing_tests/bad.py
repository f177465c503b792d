"""What checkers refuse in a pipeline: each line that is marked, and no other."""

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vega.web import AuthenticationMiddleware, CallNext, ErrorMap, MiddlewarePipeline, Router, has_role


class Limit:
    def __init__(self, app: ASGIApp, rate: int) -> None:
        self.app, self.rate = app, rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


pipeline = MiddlewarePipeline()
pipeline.use(Limit, rate="3")  # ERROR
pipeline.use(Limit, rat=3)  # ERROR
pipeline.use(Limit, rate=3, priority="high")  # ERROR
pipeline.use(Middleware(Limit, rat=3), priority=3)  # ERROR
pipeline.use(object())  # ERROR


@pipeline.use_inline  # ERROR
def plain(request: Request, call_next: CallNext) -> Response:
    return Response()


@pipeline.use_inline  # ERROR
async def without_next(request: Request) -> Response:
    return Response()


class Scheme:
    challenge = ""


pipeline.use(AuthenticationMiddleware, schemes=[Scheme()])  # ERROR
Router().post("", use_case=Limit)  # ERROR
ErrorMap().map(KeyError("x"), status=404)  # ERROR
has_role(3)  # ERROR
