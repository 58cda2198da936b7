"""Secrets in addresses: the key of a private study is never shown and never logged."""

from __future__ import annotations

import logging
import re
from typing import Any

_SECRET = re.compile(
    r"(?i)([?&;#](?:[^=&;#\s\"']*[-_])?(?:api|access|awsaccess)?"
    r"(?:key|keyid|token|sig|signature|secret|password|passwd|pwd|credentials?|auth|session|jwt)=)[^&;#\s\"']+"
)
_USER = re.compile(r"(?i)(\w://)[^/@\s]+@")


def hide_secrets(text: str) -> str:
    """Put an ellipsis in place of each secret of the addresses in a text.

    Examples
    --------
    >>> hide_secrets("https://www.ebi.ac.uk/biostudies/api/v1/studies/S-BIAD1?key=1d3b5&x=1")
    'https://www.ebi.ac.uk/biostudies/api/v1/studies/S-BIAD1?key=…&x=1'
    """
    return _USER.sub(r"\1…@", _SECRET.sub(r"\1…", text))


class _HideSecrets(logging.Filter):
    """Keeps secrets out of what urllib3 logs of each request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_hide(each) for each in record.args)
        return True


def _hide(value: Any) -> Any:
    return hide_secrets(value) if isinstance(value, str) else value


_FILTER = _HideSecrets()


def guard_log() -> None:
    """Keep secrets out of urllib3's log; calling it again changes nothing."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.poolmanager"):
        logging.getLogger(name).addFilter(_FILTER)
