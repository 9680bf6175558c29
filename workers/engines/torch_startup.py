"""Faster start of torch: skip its compiler, which a training never uses and an optimizer would load."""

from torch import optim

MARK = "__dynamo_disable"
"""Where torch keeps the version of a function that its compiler leaves alone."""


def spare_the_compiler() -> None:
    """Make optimizers without importing `torch._dynamo`; where torch works otherwise, nothing changes."""
    for name in ("add_param_group", "state_dict", "load_state_dict", "zero_grad"):
        function = getattr(getattr(optim.Optimizer, name), "__wrapped__", None)
        if function is not None and not hasattr(function, MARK):
            setattr(function, MARK, function)
