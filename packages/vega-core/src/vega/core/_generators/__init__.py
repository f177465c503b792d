"""The generators of vega-core, entry points of `vega.generators`."""
