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
    ├── MethodError          (ValueError)        a submitted method that is none: no function, no Python, too large
    ├── SandboxMissingError  (RuntimeError)      this machine has no sandbox, so methods are refused
    ├── SandboxError         (OSError)           the hub's own sandbox failed; no fault of the method
    ├── NotebookCopyError    (OSError)           a notebook could not be copied into a home
    ├── StoreUnavailableError (OSError)          the portal's database does not answer
    ├── HubUnavailableError  (OSError)           JupyterHub does not answer the portal
    └── PortalError          (RuntimeError)      what somebody asked of the portal cannot be done
        ├── NotLoggedInError                     without a log-in or a token in force
        ├── NotAllowedError                      the person may not do this
        ├── NotFoundError                        there is no such thing, or it is somebody else's
        ├── ConflictError                        too late, too early, or done before
        ├── TooLargeError                        more bytes than the limit allows
        └── LimitReachedError                    the limit of submissions is used up

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


class MethodError(HubError, ValueError):
    """A submitted method is no Python, has no function that predicts, or is too large. It was not run."""


class SandboxMissingError(HubError, RuntimeError):
    """A method cannot be kept apart from everything else on this machine. Methods are refused then, and not run."""


class SandboxError(HubError, OSError):
    """The sandbox could not be set up or ended in a way that a method cannot cause. The hub is at fault."""


class NotebookCopyError(HubError, OSError):
    """A notebook is unknown or could not be copied."""


class StoreUnavailableError(HubError, OSError):
    """The portal's database does not answer."""


class HubUnavailableError(HubError, OSError):
    """JupyterHub does not answer, so nobody can be told from anybody else."""


class PortalError(HubError, RuntimeError):
    """What somebody asked of the portal cannot be done. The message is for that person."""

    status = 400


class NotLoggedInError(PortalError):
    """The request comes without a log-in or a token that is in force."""

    status = 401


class NotAllowedError(PortalError):
    """The person is known, and may not do this."""

    status = 403


class NotFoundError(PortalError):
    """There is nothing of that name, or it belongs to somebody else. The answer is the same for both."""

    status = 404


class ConflictError(PortalError):
    """It is too late, too early, or has been done before."""

    status = 409


class TooLargeError(PortalError):
    """More bytes were sent than the limit allows."""

    status = 413


class LimitReachedError(PortalError):
    """The limit of submissions, or of files that are sent at once, is used up."""

    status = 429
