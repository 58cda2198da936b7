"""Where an address leads today: archives move, so hosts are rules and never baked into records.

The EMBL-EBI object store was ``s3.embassy.ebi.ac.uk``, then ``uk1s3.embassy.ebi.ac.uk``, and is moving to
``livingobjects.ebi.ac.uk``; the old host comes last, for what was not carried over.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import InvalidHostsError

if TYPE_CHECKING:
    from collections.abc import Iterable

VARIABLE = "BIOIMAGEHUB_HOSTS"

_NEW = "https://livingobjects.ebi.ac.uk/"
_OLD = ("https://uk1s3.embassy.ebi.ac.uk/", "https://s3.embassy.ebi.ac.uk/")
_CRYOET = "https://files.cryoetdataportal.cziscience.com/"
_BIA = "bia-integrator-data/"
_BIA_NEXT = "bioimaging-integrator-data/"


@dataclass(frozen=True)
class Rule:
    """What stands in place of the beginning of an address.

    Attributes
    ----------
    match_prefix : str
        Beginning of the addresses that it is about; it ends in ``/``, so that it names a whole host or folder.
    replacements : tuple of str
        What to try in its place, in order, each ending in ``/``. The prefix itself may be among them.

    Raises
    ------
    InvalidHostsError
        If the prefix or a replacement does not end in ``/``, or there is no replacement.
    """

    match_prefix: str
    replacements: tuple[str, ...]

    def __post_init__(self) -> None:
        for prefix in (self.match_prefix, *self.replacements):
            if "://" not in prefix or not prefix.endswith("/"):
                msg = (
                    f"The host rule for {self.match_prefix!r} holds {prefix!r}; expected the beginning of an address "
                    "that ends in '/', such as https://ftp.ebi.ac.uk/. Correct the rule."
                )
                raise InvalidHostsError(msg)
        if not self.replacements:
            msg = f"The host rule for {self.match_prefix} has nothing to try; give it at least one address."
            raise InvalidHostsError(msg)


class Hosts:
    """A table of rules, applied one after another, each to all addresses that those before it gave.

    Parameters
    ----------
    rules : iterable of Rule

    Examples
    --------
    >>> Hosts(BUILT_IN).candidates("https://s3.embassy.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr")
    ... # doctest: +NORMALIZE_WHITESPACE
    ('https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr',
     'https://uk1s3.embassy.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr')
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)

    def candidates(self, url: str) -> tuple[str, ...]:
        """Give the addresses to try for an address, in order; itself alone where no rule is about it."""
        urls = [url]
        for rule in self.rules:
            urls = [new for old in urls for new in _apply(rule, old)]
        return tuple(dict.fromkeys(urls))


def _apply(rule: Rule, url: str) -> tuple[str, ...]:
    if not url.startswith(rule.match_prefix):
        return (url,)
    rest = url.removeprefix(rule.match_prefix)
    return tuple(new + rest for new in rule.replacements)


BUILT_IN: tuple[Rule, ...] = (
    # The object store: every old name, then the bucket that is being renamed.
    Rule(_OLD[1], (_OLD[0],)),
    Rule(_OLD[0], (_NEW, _OLD[0])),
    Rule(_NEW + _BIA, (_NEW + _BIA, _NEW + _BIA_NEXT, _OLD[0] + _BIA)),
    # Buckets that anyone may read, by the address that needs no S3 client.
    Rule("s3://cellpainting-gallery/", ("https://cellpainting-gallery.s3.amazonaws.com/",)),
    Rule("s3://cryoet-data-portal-public/", ("https://cryoet-data-portal-public.s3.us-west-2.amazonaws.com/",)),
    Rule(_CRYOET, (_CRYOET, "https://cryoet-data-portal-public.s3.us-west-2.amazonaws.com/")),
    Rule("ftp://ftp.ebi.ac.uk/", ("https://ftp.ebi.ac.uk/",)),
)


def installed_hosts() -> Hosts:
    """Give the table in force: the rules of the file that ``BIOIMAGEHUB_HOSTS`` names, then the built-in ones.

    The file is a YAML list; each rule has the beginning of an address and what to try in its place::

        - match: https://ftp.ebi.ac.uk/
          try: [https://mirror.example.org/ebi/, https://ftp.ebi.ac.uk/]

    Raises
    ------
    InvalidHostsError
        If that file is missing or is not such a list.
    """
    named = os.environ.get(VARIABLE)
    return Hosts((*(_read_rules(Path(named)) if named else ()), *BUILT_IN))


def _read_rules(file: Path) -> tuple[Rule, ...]:
    import yaml

    try:
        content = yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        msg = (
            f"The host rules {file} cannot be read: {error}. Expected a YAML list of rules. "
            f"Correct the file, or unset {VARIABLE}."
        )
        raise InvalidHostsError(msg) from error
    if not isinstance(content, list):
        msg = f"The host rules {file} hold {type(content).__name__}; expected a YAML list of rules. Correct the file."
        raise InvalidHostsError(msg)
    return tuple(_parse_rule(entry, file) for entry in content)


def _parse_rule(entry: Any, file: Path) -> Rule:
    if isinstance(entry, dict) and set(entry) == {"match", "try"}:
        match, tried = entry["match"], entry["try"]
        if isinstance(match, str) and isinstance(tried, list) and all(isinstance(each, str) for each in tried):
            return Rule(match, tuple(tried))
    msg = (
        f"The host rules {file} hold {entry!r}; expected 'match' with the beginning of an address and 'try' "
        "with a list of those to try in its place. Correct that rule."
    )
    raise InvalidHostsError(msg)
