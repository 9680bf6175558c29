"""Seeds: counter-based random streams for everything random in a training."""

MASK = (1 << 64) - 1


def mix(*parts: int) -> int:
    """Return a seed of 63 bits that depends on every part and on their order (SplitMix64, Steele et al. 2014)."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = _finish((state ^ (part & MASK)) + 0x9E3779B97F4A7C15 & MASK)
    return state >> 1


def _finish(value: int) -> int:
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & MASK
    return value ^ (value >> 31)
