"""The middleware that comes with vega-web, in a folder for each purpose."""
