"""The feature `graphql`: the schema of the project, mounted at `/graphql`."""

from __future__ import annotations

from collections.abc import Mapping

from vega.core import Application
from vega.core.extend import AsgiApp, Plugin


class GraphQLPlugin(Plugin):
    """Mounts the schema of the discovered resolvers, if any."""

    feature = "graphql"
    requires = ("web",)

    def mounts(self, app: Application) -> Mapping[str, AsgiApp]:
        """Return the schema's application at `/graphql`; empty without resolver modules."""
        if app.found is None or not app.found.modules("graphql"):
            return {}
        from ._asgi import graphql_app

        return {"/graphql": graphql_app(app)}
