"""Search spaces to test with: one of everything, and random ones."""

from hypothesis import strategies as st

from search_spaces.candidate import Settings
from search_spaces.dimensions import Choice, Dimension, Float, Int
from search_spaces.expressions import Expression
from search_spaces.space import Limits, SearchSpace


def each(name: str, dimension: Dimension, count: int) -> dict[str, Dimension]:
    """Return a dimension sampled anew for each layer."""
    return {f"{name}.{index}": dimension for index in range(count)}


def everything() -> SearchSpace:
    """Return a space with every kind of dimension, condition and constraint."""
    architecture: dict[str, Dimension] = {
        "depth": Int(1, 4),
        **each("width", Choice((16, 32, 64)), 4),
        "activation": Choice(("relu", "maxout")),
        "norm": Choice(("none", "batch", "group")),
        "norm.group.groups": Int(1, 8),
        "dropout": Float(0, 0.5, when=Expression.parse("depth >= 3")),
    }
    recipe: dict[str, Dimension] = {
        "optimizer": Choice(("sgd", "adamw")),
        "optimizer.sgd.lr": Float(1e-3, 1, log=True),
        "optimizer.sgd.momentum": Float(0, 0.99),
        "optimizer.adamw.lr": Float(1e-4, 1e-1, log=True),
        "batch_size": Choice((16, 32)),
    }
    constraints = ("depth > 2 -> max(width) <= 32", "width.0 >= width.1", "optimizer.sgd.momentum <= 0.9")
    fixed = Settings({"init": "glorot", "optimizer.sgd.nesterov": True, "warmup": 0.1})
    expressions = tuple(Expression.parse(text) for text in constraints)
    return SearchSpace("everything", "mlp", architecture, recipe, fixed, expressions, Limits(parameters=5000))


@st.composite
def mlp_spaces(draw: st.DrawFn) -> SearchSpace:
    """Draw a space of fully connected networks without continuous dimensions."""
    low = draw(st.integers(1, 3))
    high = draw(st.integers(low, 4))
    architecture: dict[str, Dimension] = {"depth": Int(low, high)}
    for name, options in (("width", (8, 16, 24)), ("activation", ("relu", "maxout")), ("dropout", (0.0, 0.25))):
        dimension = Choice(options)
        choice = draw(st.sampled_from(["each", "one", "none", "when"]))
        if choice == "each":
            architecture |= each(name, dimension, high)
        elif choice == "one":
            architecture[name] = dimension
        elif choice == "when":
            architecture[name] = Choice(options, when=Expression.parse(f"depth >= {draw(st.integers(1, 4))}"))
    if draw(st.booleans()):
        architecture |= {"norm": Choice(("none", "group", "layer")), "norm.group.groups": Int(1, 6)}
    recipe: dict[str, Dimension] = {}
    if draw(st.booleans()):
        recipe = {"optimizer": Choice(("sgd", "adam")), "optimizer.sgd.nesterov": Choice((True, False))}
    return SearchSpace("drawn", "mlp", architecture, recipe)
