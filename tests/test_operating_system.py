"""Any system but Linux is refused in one sentence, before a command does anything."""

import pytest

from nas.cli.main import main
from nas.operating_system import require_linux
from search_spaces.errors import NasError


def test_linux_is_accepted() -> None:
    require_linux("linux")


@pytest.mark.parametrize("platform", ["darwin", "win32", "freebsd14", "cygwin"])
def test_any_other_system_is_refused_with_its_name(platform: str) -> None:
    with pytest.raises(NasError, match=f"Linux only, and this system is '{platform}'"):
        require_linux(platform)


def test_the_command_line_says_so_in_one_sentence() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"], platform="darwin")
    assert str(ended.value.code).startswith("error: nas runs on Linux only")
    assert "\n" not in str(ended.value.code)
