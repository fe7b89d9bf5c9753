"""Settings: file, environment, flags, and what is said of those that do not fit."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.config import OPTIONS, SYSTEM_FILE, Config, load, user_file
from vtui.errors import UsageError

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def of_file(tmp_path: Path, text: str) -> Config:
    """The configuration of one file alone."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load({}, environ={}, files=(path,))


def of_flags(**flags: object) -> Config:
    return load(flags, environ={}, files=())


def of_environment(**environ: str) -> Config:
    return load({}, environ=environ, files=())


def refused(tmp_path: Path, text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        of_file(tmp_path, text)
    return caught.value


def test_every_setting_but_the_key_map_is_in_the_table() -> None:
    assert {option.name for option in OPTIONS} == {one.name for one in fields(Config)} - {"keys"}


def test_without_anything_said_the_defaults_hold() -> None:
    assert load({}, environ={}, files=()) == Config()


def test_files_that_are_not_there_say_nothing(tmp_path: Path) -> None:
    files = (tmp_path / "none.toml", tmp_path / "no" / "folder.toml")
    assert load({}, environ={}, files=files) == Config()


def test_a_folder_that_is_a_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert load({}, environ={}, files=(tmp_path / "file" / "config.toml",)) == Config()


class TestTheLaterSourceWins:
    def test_the_users_file_over_the_machines(self, tmp_path: Path) -> None:
        machine, user = tmp_path / "machine.toml", tmp_path / "user.toml"
        machine.write_text('docker = "machine"\ncriu = "machine"')
        user.write_text('docker = "user"')
        config = load({}, environ={}, files=(machine, user))
        assert (config.docker, config.criu) == ("user", "machine")

    def test_the_environment_over_the_files(self, tmp_path: Path) -> None:
        (tmp_path / "config.toml").write_text('docker = "file"')
        config = load({}, environ={"VTUI_DOCKER": "environment"}, files=(tmp_path / "config.toml",))
        assert config.docker == "environment"

    def test_the_command_line_over_the_environment(self) -> None:
        config = load({"docker": "flag"}, environ={"VTUI_DOCKER": "environment"}, files=())
        assert config.docker == "flag"

    def test_keys_are_added_one_by_one(self, tmp_path: Path) -> None:
        machine, user = tmp_path / "machine.toml", tmp_path / "user.toml"
        machine.write_text('[keys]\nfilter = "f"\nsort = "o"')
        user.write_text('[keys]\nsort = "p"')
        config = load({}, environ={}, files=(machine, user))
        assert config.keys == {"filter": "f", "sort": "p"}


def test_all_kinds_of_values_are_read_from_toml(tmp_path: Path) -> None:
    config = of_file(
        tmp_path,
        """
        libvirt = ["qemu:///system", "lxc:///"]
        root = "/srv/bundle"
        interval = 2
        theme = 16
        ascii = true
        """,
    )
    assert config == Config(
        libvirt=("qemu:///system", "lxc:///"),
        root=Path("/srv/bundle"),
        interval=2.0,
        theme="16",
        ascii=True,
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dcoker = 'x'", "unknown setting 'dcoker'", "did you mean 'docker'?"),
        ("read-only = true", "unknown setting 'read-only'", "did you mean 'read_only'?"),
        ("[keys]\nfliter = 'f'", "unknown key id 'fliter'", "did you mean 'filter'?"),
        ("[keys]\nfilter = 1", "[keys]", 'e.g. filter = "f"'),
        ("keys = 'f'", "[keys]", 'e.g. filter = "f"'),
        ("docker = 5", "docker", "got '5'"),
        ("docker = true", "docker", "got 'True'"),
        ("docker = ['a']", "docker", """got "['a']\""""),
        ("libvirt = 5", "libvirt", "got '5'"),
        ("libvirt = [5]", "libvirt", "got '[5]'"),
        ("ascii = 'yes'", "ascii", "got 'yes'"),
        ("interval = true", "interval", "got 'True'"),
        ("interval = 0.1", "interval", "got '0.1'"),
        ("interval = nan", "interval", "got 'nan'"),
        ("interval = 1e9", "interval", "got '1000000000.0'"),
        ("interval = 'soon'", "interval", "got 'soon'"),
        ("theme = 'pink'", "theme", "got 'pink'"),
        ("root = 1979-05-27", "root", "got '1979-05-27'"),
        ("docker = " + "[" * 9999, "is not TOML", "see docs/cli.md for an example"),
        ("= 1", "is not TOML", "see docs/cli.md for an example"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_file_and_a_hint(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    error = refused(tmp_path, text)
    assert message in error.message
    assert str(tmp_path / "config.toml") in error.message
    assert error.hint == hint
    assert error.exit_code == 2


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"docker = '\xff'")
    with pytest.raises(UsageError, match="is not TOML"):
        load({}, environ={}, files=(tmp_path / "config.toml",))


def test_a_file_that_cannot_be_read_is_an_error_not_a_silence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*: Is a directory"):
        load({}, environ={}, files=(tmp_path,))


class TestTheEnvironment:
    @pytest.mark.parametrize("text", ["1", "yes", "true", "on"])
    def test_a_switch_is_on(self, text: str) -> None:
        assert of_environment(VTUI_ASCII=text).ascii

    @pytest.mark.parametrize("text", ["0", "no", "False", "OFF", ""])
    def test_a_switch_is_off(self, text: str) -> None:
        assert not of_environment(VTUI_ASCII=text).ascii

    def test_a_list_is_parted_by_blanks(self) -> None:
        assert of_environment(VTUI_LIBVIRT="a:/// b:///").libvirt == ("a:///", "b:///")

    def test_an_empty_variable_says_nothing(self) -> None:
        assert of_environment(VTUI_DOCKER="").docker == Config().docker

    def test_variables_that_are_not_settings_are_left_alone(self) -> None:
        assert of_environment(VTUI_LAB_NAME="x", HOME="/root") == Config()

    def test_a_value_that_does_not_fit_is_refused(self) -> None:
        with pytest.raises(UsageError, match="interval in the environment"):
            of_environment(VTUI_INTERVAL="never")


def test_an_empty_value_on_the_command_line_holds() -> None:
    assert of_flags(docker="").docker == ""


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/vtui/config.toml"),
        ({"HOME": "/h"}, "/h/.config/vtui/config.toml"),
        ({"HOME": ""}, "/root/.config/vtui/config.toml"),
        ({}, "/root/.config/vtui/config.toml"),
    ],
)
def test_the_users_file_lies_where_xdg_says(environ: Mapping[str, str], path: str) -> None:
    assert user_file(environ) == Path(path)


def test_the_machines_file() -> None:
    assert Path("/etc/vtui/config.toml") == SYSTEM_FILE


@given(st.dictionaries(st.sampled_from([one.variable for one in OPTIONS]), WORDS))
def test_no_environment_does_worse_than_being_refused(environ: dict[str, str]) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(load({}, environ=environ, files=()), Config)


@given(
    st.dictionaries(
        st.sampled_from([*(one.name for one in OPTIONS), "keys", "x"]),
        st.recursive(
            st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=4,
        ),
    )
)
def test_no_toml_value_does_worse_than_being_refused(given_values: dict[str, object]) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(load(given_values, environ={}, files=()), Config)
