"""The generators of vega-core, named by its entry points in `vega.generators`."""
