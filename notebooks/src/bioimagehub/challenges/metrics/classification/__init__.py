"""Metrics of classification, from the `Answers` to the items of a case or of several pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.challenges.metrics.classification import (
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    log_loss,
    macro_f1,
    matthews_correlation,
    roc_auc,
)

if TYPE_CHECKING:
    from bioimagehub.challenges.metrics import Metric

METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "cohen_kappa": cohen_kappa,
    "log_loss": log_loss,
    "macro_f1": macro_f1,
    "matthews_correlation": matthews_correlation,
    "roc_auc": roc_auc,
}
