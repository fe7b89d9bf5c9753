"""The connection to a Docker engine, and its SDK's errors in our words. Everything here blocks."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vtui.backends.docker.answers import Usage, container, listed, usage, version
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.lanes import HANGS
from vtui.model import Container
from vtui.text import clean

if TYPE_CHECKING:
    import docker

ANSWER = 4
"""Seconds the engine has for one answer."""

USAGE_ANSWER = 1.0
"""Seconds for the usage of all containers whose control groups are not on this host."""

ONE_SHOT = (1, 41)
"""The API whose stats need no second look after a second."""


def load() -> None:
    """Import the SDK, which is slow; raises Unavailable when it is not installed."""
    try:
        import docker  # noqa: F401
    except ImportError as error:
        raise Unavailable(
            "the Docker SDK for Python is not installed", "apt install python3-docker"
        ) from error


class Engine:
    """One engine, connected to at need. `connect` alone may be called from another thread."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._client: docker.APIClient | None = None
        self._api = ""
        self.version = ""
        self.took = 0.0
        """Seconds the last list took."""

    def connect(self, api: str = "") -> docker.APIClient:
        """A client of its own, for the version of the API given or the one agreed on last."""
        import docker.utils

        options = docker.utils.kwargs_from_env({**os.environ, "DOCKER_HOST": self._host})
        return docker.APIClient(**options, version=api or self._api, timeout=ANSWER)

    def containers(self) -> list[Container]:
        """All containers, by name; raises Unavailable, NoAnswer or HostError."""
        from docker.errors import DockerException

        try:
            client, began = self._agreed(), time.monotonic()
            answer = client.containers(all=True)
            self.took = time.monotonic() - began
            found = [container(item) for item in listed(answer)]
        except (OSError, ValueError, RecursionError, DockerException) as error:
            self.close()
            raise _translate(error, self._host) from error
        return sorted(found, key=lambda one: (one.name, one.ref.id))

    def usage(self, ids: set[str]) -> dict[str, Usage]:
        """What the engine tells of these in time. Raises nothing: the list tells what is wrong."""
        from docker.errors import DockerException

        found: dict[str, Usage] = {}
        client = self._client
        if client is None or version(self._api) < ONE_SHOT:
            return found
        until = time.monotonic() + USAGE_ANSWER
        with contextlib.suppress(OSError, ValueError, RecursionError):
            for key in sorted(ids):
                left = until - time.monotonic()
                if left <= 0:
                    break
                client.timeout = left  # type: ignore[assignment] # requests takes fractions
                with contextlib.suppress(DockerException):  # gone since it was listed
                    found[key] = usage(client.stats(key, stream=False, one_shot=True))
        client.timeout = ANSWER
        return found

    def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""
        if self._client:
            self._client.close()
            self._client = None

    def _agreed(self) -> docker.APIClient:
        if self._client is None:
            from docker.constants import MINIMUM_DOCKER_API_VERSION

            with contextlib.closing(self.connect(MINIMUM_DOCKER_API_VERSION)) as client:
                told = client.version(api_version=False)
            if not isinstance(told, dict) or not version(told.get("ApiVersion")):
                raise ValueError("no version of the API")
            self._api, self.version = told["ApiVersion"], str(told.get("Version", ""))
            self._client = self.connect()
        return self._client


def _translate(error: BaseException, host: str) -> HostError:
    """The SDK's errors are those of requests, with the system's own somewhere inside."""
    from docker.errors import APIError

    causes = list(_causes(error))
    for kind, make in _SYSTEM_ERRORS:
        if any(isinstance(cause, kind) for cause in causes):
            return make(host.removeprefix("unix://"))
    if isinstance(error, APIError):
        return HostError(f"the Docker engine refuses: {_line(error.explanation or error)}")
    if isinstance(error, (ValueError, RecursionError)):
        return HostError(
            f"the Docker engine's answer makes no sense: {_line(error)}",
            f"is it a Docker engine that listens at {host}?",
        )
    return HostError(f"Docker engine: {_line(causes[-1])}", f"docker --host {host} version")


def _causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    for cause in (error.__cause__, error.__context__, *error.args):
        if isinstance(cause, BaseException):
            yield from _causes(cause)
            return


def _line(text: object) -> str:
    return clean(str(text).strip(), 160)


def _absent(place: str) -> HostError:
    installed = shutil.which("dockerd")
    hint = "systemctl start docker" if installed else "apt install docker.io"
    return Unavailable(f"no Docker engine at {place}", hint)


def _forbidden(place: str) -> HostError:
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = "USER"
    return Unavailable(
        f"not permitted to use {place}", f"usermod -aG docker {user}, then log in again"
    )


def _gone(place: str) -> HostError:
    return HostError(f"no Docker engine answers at {place}", "systemctl start docker")


def _silent(place: str) -> HostError:
    return NoAnswer(f"the Docker engine at {place} gave no answer within {ANSWER} s", HANGS)


_SYSTEM_ERRORS: tuple[tuple[type[OSError], Callable[[str], HostError]], ...] = (
    (FileNotFoundError, _absent),
    (PermissionError, _forbidden),
    (ConnectionError, _gone),
    (TimeoutError, _silent),
    (BlockingIOError, _silent),  # its queue of connections is full
)
