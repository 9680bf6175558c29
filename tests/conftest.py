"""What all tests share: one thread for each of the many small networks, here and in every process that tests start."""

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.pop("NAS_STORAGE", None)
