"""The process that answers the network: ``python -m bioimagehub.hub.portal.web``; the hub starts it."""

from __future__ import annotations

import os

from sqlalchemy import select

from bioimagehub.hub.portal.life import die_with_parent
from bioimagehub.hub.portal.place import PortalConfiguration
from bioimagehub.hub.portal.receive import discard_bytes
from bioimagehub.hub.portal.store.database import Store
from bioimagehub.hub.portal.store.models import REFUSED, WITHDRAWN, SubmissionRow


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
    sweep(configuration, store)
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
        # Longer than the hub's proxy keeps one: else it may send a form into a connection that is just being closed.
        timeout_keep_alive=120,
    )


def sweep(configuration: PortalConfiguration, store: Store) -> None:
    """Remove what the processes before this one were ended over.

    That is what was being received, of which nobody was told that it was kept; and the bytes of submissions that were
    refused or withdrawn.
    """
    for path in configuration.inbox.glob("*.part"):
        path.unlink(missing_ok=True)
    kept = {path.name for path in configuration.submissions.iterdir()}
    with store.reading() as session:
        ended = session.scalars(select(SubmissionRow.id).where(SubmissionRow.state.in_((REFUSED, WITHDRAWN)))).all()
    for identifier in kept.intersection(ended):
        discard_bytes(configuration.submissions, identifier)


if __name__ == "__main__":
    main()
