"""With the inline executor the same file gives the same trials, bit for bit."""

import pytest
from outside import Desk, results, small


def study(desk: Desk, name: str, *arguments: str, **changes: object) -> list[tuple[object, ...]]:
    """Run a study of this name to its end and return its trials."""
    file = desk.write(small(task="digits", trials=8, epochs=6, batch_size="16, 32", **changes))
    run = desk.nas("run", file, "--name", name, "--storage", desk.url, *arguments)
    assert run.end() == 0, run.stderr
    return results(desk.trials(name))


@pytest.mark.parametrize("sampler", ["tpe", "evolution"])
def test_the_same_file_gives_the_same_trials(desk: Desk, sampler: str) -> None:
    assert study(desk, "a", sampler=sampler) == study(desk, "b", sampler=sampler)


def test_another_seed_gives_other_trials(desk: Desk) -> None:
    first, second = study(desk, "a", "--seed", "1"), study(desk, "b", "--seed", "2")
    assert all(one != other for one, other in zip(first, second, strict=True))
