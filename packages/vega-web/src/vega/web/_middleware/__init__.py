"""The middleware shipped with vega-web, in a folder per purpose."""
