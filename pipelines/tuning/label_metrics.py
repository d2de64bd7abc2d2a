"""What a model says about labels during training, and whether it says only one."""

from collections import defaultdict

import numpy as np

from pipelines.model.packed import DocumentScore
from pipelines.tuning.examples import parse_choice_id

METRIC = "label_loss"  # the lower, the better; smooth where an F1 is not


class LabelMetrics:
    """Validation metrics of a labelled task, for `TrainJob.validation_metrics`.

    Args:
        labels: of the task, in the order of the choices.
        positive: the label whose F1 is reported.
    """

    def __init__(self, labels: list[str], positive: str):
        self._labels = labels
        self._positive = labels.index(positive)

    def __call__(self, scores: list[DocumentScore]) -> dict[str, float]:
        """Metrics from the scores of every (example, label) document.

        `label_loss` is the mean over labels of the mean cross-entropy (nats) of that label's examples, so that a rare
        label weighs as much as a frequent one. `majority_prediction_share` is 1.0 where the model has collapsed.
        """
        # Imported late: every process of every trial imports this module, and only the workers come here.
        from sklearn.metrics import balanced_accuracy_score, f1_score

        nll: dict[str, dict[int, float]] = defaultdict(dict)
        answers: dict[str, int] = {}
        for score in scores:
            example_id, choice, answer = parse_choice_id(score.document_id)
            nll[example_id][choice] = score.nll
            answers[example_id] = answer
        if not nll:
            return {}
        # An example with a choice that did not fit has no fair comparison; packing cuts the note, so this is rare.
        complete = sorted(example_id for example_id, choices in nll.items() if len(choices) == len(self._labels))
        logits = -np.array([[nll[e][c] for c in range(len(self._labels))] for e in complete])
        gold = np.array([answers[example_id] for example_id in complete])
        log_probabilities = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        losses = -log_probabilities[np.arange(len(gold)), gold]
        predicted = logits.argmax(axis=1)
        shares = np.bincount(predicted, minlength=len(self._labels)) / len(predicted)
        return {
            METRIC: float(np.mean([losses[gold == label].mean() for label in np.unique(gold)])),
            "balanced_accuracy": float(balanced_accuracy_score(gold, predicted)),
            "positive_f1": float(f1_score(gold == self._positive, predicted == self._positive, zero_division=0.0)),
            "majority_prediction_share": float(shares.max()),
            "num_validation_examples": float(len(gold)),
        }
