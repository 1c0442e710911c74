"""The README's pictures are taken from a demo that stays up; without one a person is told to start it."""

from __future__ import annotations

import pytest

from sandbox.demo import place, screens
from sandbox.leashed import CannotStart
from sandbox.servers import free_port


def test_without_a_demo_a_person_is_told_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DEMO_FOLDER", str(tmp_path_factory.mktemp("nothing")))
    for name in place.PORTS:
        monkeypatch.setenv(name, str(free_port()))
    with pytest.raises(CannotStart, match="Start `make demo` in another window first"):
        screens.main()
