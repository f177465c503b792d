"""The plugin of the feature `graphql`."""

from vega.graphql._plugin import GraphQLPlugin


def test_the_feature_needs_the_web() -> None:
    assert GraphQLPlugin().requires == ("web",)
