"""Handwritten digits: 1,797 grey images of 8 × 8, ten classes (UCI)."""

from dataclasses import dataclass

import numpy as np

from workers.tasks._bundled import read_bundled
from workers.tasks.protocol import ArrayInputs, Samples


@dataclass(frozen=True, slots=True)
class Digits:
    """Handwritten digits, as images (1, 8, 8) of 0 to 1."""

    def samples(self) -> Samples:
        """Read the images and what they show."""
        pixels, shown = read_bundled("digits")  # 64 pixels of 0 to 16 each
        images = pixels.reshape(-1, 8, 8).astype(np.uint8)
        digits = tuple(range(10))
        inputs, targets = ArrayInputs(images, "NHW", 16.0, False), shown.astype(np.int64)
        return Samples("classification", inputs, targets, tuple(map(str, digits)), labels=digits)
