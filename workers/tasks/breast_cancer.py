"""Breast cancer: 30 measurements of 569 tumours, malignant or benign (Wisconsin, UCI)."""

from dataclasses import dataclass

import numpy as np

from workers.tasks._bundled import read_bundled
from workers.tasks.protocol import ArrayInputs, Samples


@dataclass(frozen=True, slots=True)
class BreastCancer:
    """Tumours, as vectors of 30 standardised measurements."""

    def samples(self) -> Samples:
        """Read the measurements and the diagnoses."""
        measurements, diagnoses = read_bundled("breast_cancer")
        classes = ("malignant", "benign")
        return Samples("classification", ArrayInputs(measurements), diagnoses.astype(np.int64), classes)
