"""Explain the errors that Redis answers: the reason in words, and what an operator can do.

Never repeats the text of an unknown error: it may quote a command with its key and value.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis

from bot.store.redis_commands import INFO, Command

_CLUSTER = (
    "this is a node of a Redis Cluster, which the bot cannot use. "
    "Name a single Redis, or one with Sentinels (redis+sentinel://)"
)
_IS_SENTINEL = (
    "this is a Sentinel and not a Redis; name the Sentinels as redis+sentinel://host:26379/mymaster/0"
)
_OLD = "it does not know a command that the bot needs. The bot needs Redis 6.2 or newer"
_LOGIN = "user or password is wrong, or the user is disabled. Correct them in STORE_URL"
_NO_LOGIN = "it requires a password. Write it into STORE_URL: redis://:PASSWORD@host"

# By the code that begins the error. Redis's source, and its documents on replication, ACL and clusters.
_WORDS = {
    "READONLY": "it is a replica and refuses writes. Name the master, or the Sentinels (redis+sentinel://)",
    "OOM": "its memory is full (maxmemory), and it may not drop anything. Raise maxmemory, or free memory",
    "MISCONF": "it cannot save to its disk, and so refuses writes. See its log; most often the disk is full",
    "NOPERM": "the user of STORE_URL lacks a right. deploy/README.md has the rights that the bot needs",
    "NOAUTH": _NO_LOGIN,
    "WRONGPASS": _LOGIN,
    "LOADING": "it is loading its data and will work soon",
    "BUSY": "a script of another program has run for too long in it. End it with SCRIPT KILL",
    "NOREPLICAS": "it has fewer replicas than min-replicas-to-write. Start the replicas",
    "MASTERDOWN": "it is a replica that has lost its master. Name the master, or the Sentinels",
    "DENIED": "it runs in protected mode. Set a password in Redis and in STORE_URL",
    "MOVED": _CLUSTER,
    "ASK": _CLUSTER,
    "CLUSTERDOWN": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
    "TRYAGAIN": _CLUSTER,
}
# By a part of the text, for errors that have no code of their own.
_BY_TEXT = {
    "without any password configured": "it has no password, but STORE_URL names one. Remove one of the two",
    "invalid password": _LOGIN,
    "invalid username-password pair": _LOGIN,
    "wrong number of arguments for 'auth'": "it has no users of their own (before 6.0). " + _OLD,
    "Authentication required": _NO_LOGIN,
    "DB index is out of range": "it has fewer databases than the number at the end of STORE_URL",
    "Invalid Database": "it has fewer databases than the number at the end of STORE_URL",
    "SELECT is not allowed in cluster mode": _CLUSTER,
    "max number of clients reached": "it has too many connections. Raise maxclients, or end other programs",
    "unknown command": _OLD,
    "CERTIFICATE_VERIFY_FAILED": (
        "its certificate is not trusted. Name your own CA: rediss://…?ssl_ca_certs=/path/ca.pem"
    ),
}
# redis-py gives some errors a class and cuts their code off.
_BY_CLASS: list[tuple[type[Exception], str]] = [
    (redis.exceptions.ReadOnlyError, "READONLY"),
    (redis.exceptions.BusyLoadingError, "LOADING"),
    (redis.exceptions.MasterDownError, "MASTERDOWN"),  # before ClusterDownError, its base class
    (redis.exceptions.ClusterDownError, "CLUSTERDOWN"),
    (redis.exceptions.ClusterCrossSlotError, "CROSSSLOT"),
    (redis.exceptions.TryAgainError, "TRYAGAIN"),
    (redis.exceptions.AskError, "MOVED"),
    (redis.exceptions.NoPermissionError, "NOPERM"),
    (redis.exceptions.OutOfMemoryError, "OOM"),
]
_UNKNOWN = "it refuses to work"
_REPLICA = {"READONLY", "MASTERDOWN", "LOADING"}
# One value is not what it should be. All others can still be read and written.
_OF_ONE_VALUE = ("WRONGTYPE", "not an integer", "out of range", "would overflow", "not a valid float")
_CODE = re.compile(
    r"(?:^|-)([A-Z]{3,}) "
)  # an older Redis puts the error of a command within that of its script
_RIGHT = re.compile(r"'([a-z|]+)' command")


class Refusal(NamedTuple):
    """Why Redis refuses to work. With `is_replica` the master may be elsewhere now. With `is_final` it will
    never work with this URL."""

    words: str
    is_replica: bool = False
    is_final: bool = False


def refusal(error: Exception) -> Refusal | None:
    """Return the meaning of an error that Redis answered, or None if it concerns one value only."""
    text = str(error)
    code = _code(error, text)
    if code in _WORDS:
        right = _RIGHT.search(text)
        which = f" ({right[1]})" if code == "NOPERM" and right else ""
        words = f"{_WORDS[code]}{which} [{code}]"
        return Refusal(words, is_replica=code in _REPLICA, is_final=_WORDS[code] is _CLUSTER)
    for part, words in _BY_TEXT.items():
        if part in text:
            return Refusal(words, is_final=words is _CLUSTER)
    if code == "WRONGTYPE" or any(part in text for part in _OF_ONE_VALUE):
        return None
    return Refusal(f"{_UNKNOWN} [{code}]")


def _code(error: Exception, text: str) -> str:
    for kind, code in _BY_CLASS:
        if isinstance(error, kind):
            return code
    codes = [code for code in _CODE.findall(text + " ") if code != "ERR"]
    return next((code for code in codes if code in _WORDS), codes[0] if codes else "ERR")


def fault(error: Exception) -> Refusal:
    """Return why Redis cannot be reached. The library names host and port in its errors, never the
    password."""
    found = refusal(error) if isinstance(error, redis.RedisError) else None
    is_known = found is not None and not found.words.startswith(_UNKNOWN)
    return found if found and is_known else Refusal(f"{type(error).__name__}: {error}")


def _wrong_kind(info: object) -> Refusal | None:
    """Return why the bot cannot use the server that answered `INFO server` so, or None if it can."""
    text = info.decode("utf-8", "replace") if isinstance(info, bytes) else ""
    mode = re.search(r"^redis_mode:(\w+)", text, re.MULTILINE)
    if mode and mode[1] in ("cluster", "sentinel"):
        return Refusal(_CLUSTER if mode[1] == "cluster" else _IS_SENTINEL, is_final=True)
    return None


def first_refusal(commands: Sequence[Command], answers: Sequence[Any]) -> Refusal | None:
    """Return why Redis refuses to work, or None if it works. It may refuse INFO and SCRIPT: the bot can do
    without them."""
    for command, answer in zip(commands, answers, strict=True):
        if command == INFO and (found := _wrong_kind(answer)):
            return found
        if isinstance(answer, redis.exceptions.NoScriptError) or command[0] in ("INFO", "SCRIPT"):
            continue
        if isinstance(answer, Exception) and (found := refusal(answer)):
            return found
    return None


def has_written(commands: Sequence[Command], answers: Sequence[Any]) -> bool:
    """Return True if one of the commands may have written something."""
    pairs = zip(commands, answers, strict=True)
    return any(
        command[0] != "GET" and answer and not isinstance(answer, Exception) for command, answer in pairs
    )
