"""Wine: 13 chemical measurements of 178 wines, three cultivars (UCI, from scikit-learn)."""

from dataclasses import dataclass

import numpy as np

from workers.tasks._bundled import read_bundled
from workers.tasks.protocol import ArrayInputs, Samples


@dataclass(frozen=True, slots=True)
class Wine:
    """Wines, as vectors of 13 standardised measurements."""

    def samples(self) -> Samples:
        """Read the measurements and the cultivars."""
        rows = read_bundled("wine_data.csv", skip=1)  # 13 measurements, then the cultivar
        classes = ("class_0", "class_1", "class_2")
        return Samples("classification", ArrayInputs(rows[:, :-1]), rows[:, -1].astype(np.int64), classes)
