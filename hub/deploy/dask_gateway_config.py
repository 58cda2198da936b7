"""What Dask Gateway loads. Everything is decided in `bioimagehub.hub.gateway`."""

from bioimagehub.hub import setup_gateway

setup_gateway(get_config())
