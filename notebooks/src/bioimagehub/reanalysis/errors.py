"""Errors of the reanalysis room.

::

    ReanalysisError
    ├── ClusterError                  RuntimeError
    │   ├── ClusterUnreachableError   ConnectionError   no answer from the gateway
    │   ├── ClusterRefusedError       PermissionError   the gateway does not let this user in
    │   ├── ClusterLimitError         ValueError        more was asked for than is allowed
    │   ├── ClusterOptionError        ValueError        an option that this cluster does not know or take
    │   ├── ClusterStartError                           the cluster was begun and failed
    │   ├── ClusterEndedError         LookupError       the gateway no longer has the cluster
    │   └── ClusterTimeoutError       TimeoutError      the cluster or its workers did not come in time
    ├── ImageAxesError                ValueError        the axes are not those of one 2D or 3D image
    ├── ImageValuesError              ValueError        pixel values that cannot be segmented or measured
    ├── ParameterError                ValueError        a parameter outside its range
    ├── LabelsMismatchError           ValueError        image and label image do not belong together
    └── ResultsError                  OSError           results that cannot be written, or are not whole

Every message has three parts: what failed, what was found or expected, and what to do.
"""

from __future__ import annotations


class ReanalysisError(Exception):
    """Base of every error that this room raises on purpose."""


class ClusterError(ReanalysisError, RuntimeError):
    """Base of the errors about a Dask cluster. Errors of the tasks that run on it keep their own type."""


class ClusterUnreachableError(ClusterError, ConnectionError):
    """The gateway gives no answer, or an answer that cannot be used. Not for an answer that says no."""


class ClusterRefusedError(ClusterError, PermissionError):
    """The gateway answers and does not let this user in."""


class ClusterLimitError(ClusterError, ValueError):
    """More workers or clusters were asked for than the operator allows."""


class ClusterOptionError(ClusterError, ValueError):
    """An option of `cluster` is out of range, or this gateway does not offer it."""


class ClusterStartError(ClusterError):
    """The scheduler of the cluster was begun and failed. Not for one that is only slow."""


class ClusterEndedError(ClusterError, LookupError):
    """The cluster has ended by itself, because it was idle or failed. Not for one that `close` has ended."""


class ClusterTimeoutError(ClusterError, TimeoutError):
    """The cluster, or the number of workers asked for, did not come before the deadline."""


class ImageAxesError(ReanalysisError, ValueError):
    """The image has axes other than ``y x`` or ``z y x``."""


class ImageValuesError(ReanalysisError, ValueError):
    """The image holds values that cannot be segmented or measured, such as NaN."""


class ParameterError(ReanalysisError, ValueError):
    """A parameter of an analysis is outside its range."""


class LabelsMismatchError(ReanalysisError, ValueError):
    """The label image does not fit its image, or is not a label image."""


class ResultsError(ReanalysisError, OSError):
    """Results cannot be written where they were asked for, or what was written is not whole."""
