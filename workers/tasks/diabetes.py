"""Diabetes: how the illness of 442 patients went on within a year, from 10 measurements (Efron and others)."""

from dataclasses import dataclass

from workers.tasks._bundled import read_bundled
from workers.tasks.protocol import ArrayInputs, Samples


@dataclass(frozen=True, slots=True)
class Diabetes:
    """Patients, as vectors of 10 standardised measurements; a regression."""

    def samples(self) -> Samples:
        """Read the measurements and the progression a year later."""
        measurements, progression = read_bundled("diabetes")
        return Samples("regression", ArrayInputs(measurements), progression.reshape(-1, 1))
