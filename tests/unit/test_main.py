"""The last resort: a mistake of vtui's own is one line and a hint as well."""

from __future__ import annotations

from typing import Any

import pytest

from vtui.__main__ import main


def test_a_mistake_of_ours_is_a_line_a_hint_and_a_code_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    no_text: Any = [3]
    code = main(no_text)
    out, err = capsys.readouterr()
    assert (code, out) == (70, "")
    line, hint = err.splitlines()
    assert line.startswith("vtui: error: a mistake in vtui itself: ")
    assert hint.startswith("hint: please report it")
