"""The process that answers the network: ``python -m bioimagehub.hub.portal.web``; the hub starts it."""

from __future__ import annotations

import os

from bioimagehub.hub.portal.life import die_with_parent
from bioimagehub.hub.portal.place import PortalConfiguration
from bioimagehub.hub.portal.store.database import Store


def main() -> None:
    """Make or renew the tables, then answer until told to stop."""
    die_with_parent()
    # The workers are in the group of this process, and share the database with it.
    os.umask(0o007)
    import uvicorn

    from bioimagehub.hub.portal.app import make_app

    configuration = PortalConfiguration.of_environment()
    store = Store(configuration.database)
    store.migrate()
    _sweep(configuration)
    uvicorn.run(
        make_app(configuration, store),
        host="127.0.0.1",
        port=configuration.port,
        log_level="info",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=10,
    )


def _sweep(configuration: PortalConfiguration) -> None:
    """Remove what was being received when the process before this one ended: nobody was told that it was kept."""
    for path in configuration.inbox.glob("*.part"):
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
