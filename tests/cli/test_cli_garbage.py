"""Commands that read many trials collect no garbage meanwhile, and leave collection as it was."""

import gc

import pytest

from nas.cli.garbage_collection import paused


def test_collection_is_paused_and_goes_on_after_an_error() -> None:
    @paused()
    def fail() -> None:
        raise KeyError(gc.isenabled())

    with pytest.raises(KeyError, match="False"):
        fail()
    assert gc.isenabled()


def test_who_had_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
