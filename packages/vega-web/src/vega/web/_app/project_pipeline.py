"""The middleware of a project: from presentation/web/pipeline.py, or from config.py."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

from vega.core import Application
from vega.di import ContainerError

from .._errors import MiddlewareError
from .._pipeline.pipeline import MiddlewarePipeline
from .configured import configured

_FORM: Final = "write: def pipeline(settings: Settings) -> MiddlewarePipeline"


def project_pipeline(application: Application, mistakes: list[Exception]) -> MiddlewarePipeline | None:
    """Return the pipeline of a project, or None; parameters of the function come from the container.

    Args:
        application: the application of the project.
        mistakes: collects a MiddlewareError if there are two pipelines, or if the function fails.
    """
    package = application.project.package
    in_config = configured(application, "pipeline", MiddlewarePipeline)
    name = f"{package}.presentation.web.pipeline"
    try:
        module = import_module(name) if _exists(name) else None
        if module is None:
            return in_config
        if in_config is not None:
            mistakes.append(_two(package, module))
        return _made(application, module)
    except ContainerError:  # the container reports its errors itself
        return None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - collected: the project's module raised
        mistakes.append(_failed(name, error))
        return None


def _exists(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError as error:  # a parent package is missing
        if error.name is not None and name.startswith(f"{error.name}."):
            return False
        raise


def _made(application: Application, module: ModuleType) -> MiddlewarePipeline:
    function: Any = getattr(module, "pipeline", None)
    if not callable(function):
        raise MiddlewareError(f"{module.__name__} defines no function pipeline", str(module.__file__), _FORM)
    pipeline = application.container.bind(function)()
    if not isinstance(pipeline, MiddlewarePipeline):
        raise MiddlewareError(f"the function pipeline returns a {type(pipeline).__name__}", str(module.__file__), _FORM)
    return pipeline


def _two(package: str, module: ModuleType) -> MiddlewareError:
    return MiddlewareError(
        "the project has two pipelines",
        f"{package}.config.pipeline and {module.__name__}.pipeline",
        "move the middleware of config.py into presentation/web/pipeline.py, or delete that file",
    )


def _failed(name: str, error: BaseException) -> Exception:
    if isinstance(error, MiddlewareError):
        return error
    failure = MiddlewareError(
        f"the pipeline cannot be created: {type(error).__name__}: {error}",
        f"{name}.pipeline",
        "fix the function or its module",
    )
    failure.__cause__ = error
    return failure
