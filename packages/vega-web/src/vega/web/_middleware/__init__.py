"""The middleware that comes with vega-web, one file each; `vega.web` names them."""
