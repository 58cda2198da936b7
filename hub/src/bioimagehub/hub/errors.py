"""What can go wrong in the hub, one tree.

::

    HubError
    ├── SettingsError        (ValueError)        a settings file or a value in it
    ├── StateError           (OSError)           the state folder cannot be made or used
    ├── PreflightError       (RuntimeError)      this machine cannot run the hub as it is set up
    ├── StartError           (RuntimeError)      a process of the hub did not become ready
    ├── HubRunningError      (RuntimeError)      a hub already runs on this state folder
    ├── HubNotRunningError   (RuntimeError)      no hub runs on this state folder
    ├── AccountError         (ValueError)        a user name or password that cannot be taken
    ├── IsolationError       (OSError)           a process could not be kept apart from the others
    └── NotebookCopyError    (OSError)           a notebook could not be copied into a home

Each message says what failed, what was expected or found, and what to do.
"""

from __future__ import annotations


class HubError(Exception):
    """Base of all errors of this room."""


class SettingsError(HubError, ValueError):
    """A settings file cannot be read, names an unknown setting or holds a wrong value."""


class StateError(HubError, OSError):
    """The state folder cannot be made, or belongs to somebody else."""


class PreflightError(HubError, RuntimeError):
    """One or more checks before the start failed. The message lists all of them."""


class StartError(HubError, RuntimeError):
    """A process of the hub ended or did not answer before its deadline."""


class HubRunningError(HubError, RuntimeError):
    """The state folder is in use by a running hub."""


class HubNotRunningError(HubError, RuntimeError):
    """The command needs a running hub, and none runs on this state folder."""


class AccountError(HubError, ValueError):
    """A user name or a password cannot be taken, or the user is not known."""


class IsolationError(HubError, OSError):
    """A process could not be put under its private uid, into its folder or its limits."""


class NotebookCopyError(HubError, OSError):
    """A notebook is unknown or could not be copied."""
