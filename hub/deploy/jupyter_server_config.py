"""What a user's notebook server loads. Everything is decided in `bioimagehub.hub.server`."""

from bioimagehub.hub import setup_server

setup_server(get_config())
