"""Wine: 13 chemical measurements of 178 wines, three cultivars (UCI)."""

from dataclasses import dataclass

import numpy as np

from workers.tasks._bundled import read_bundled
from workers.tasks.protocol import ArrayInputs, Samples


@dataclass(frozen=True, slots=True)
class Wine:
    """Wines, as vectors of 13 standardised measurements."""

    def samples(self) -> Samples:
        """Read the measurements and the cultivars."""
        measurements, cultivars = read_bundled("wine")
        classes = ("class_0", "class_1", "class_2")
        return Samples("classification", ArrayInputs(measurements), cultivars.astype(np.int64), classes)
