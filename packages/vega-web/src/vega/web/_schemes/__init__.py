"""The ways to prove an identity that come with vega-web, one file each; `vega.web` names them."""
