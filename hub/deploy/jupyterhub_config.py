"""What JupyterHub loads. Everything is decided in `bioimagehub.hub.jupyterhub`."""

from bioimagehub.hub import setup_hub

setup_hub(get_config())
