"""Make the load for `bench.callback` with wrk, and measure the CPU that a server spends on it."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.peers import settings
from bot.chat.wire.envelope import Envelope, sign

CONNECTIONS = 32
_TICKS = 100  # per second, the unit of CPU times in /proc
_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Figures:
    """`rate` is messages per second, `cpu` microseconds per message of all processes of the server, `p50` and
    `p99` milliseconds."""

    rate: float
    cpu: float
    p50: float
    p99: float


def write_deliveries(path: Path, count: int, mode: str) -> None:
    """Write `count` text messages of a thousand users, each in a line: query, tab, body.

    Every MsgId is new. The messages are signed now, so a server accepts them for some minutes only.
    """
    envelope = Envelope(settings.AES_KEY, settings.APP_ID)
    now, first = str(int(time.time())), time.time_ns() // 1000
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            openid, nonce = f"o{n % 1000:027d}", str(first + n)
            body = (
                f"<xml><ToUserName><![CDATA[{settings.ORIGINAL_ID}]]></ToUserName><FromUserName><![CDATA["
                f"{openid}]]></FromUserName><CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
                f"<Content><![CDATA[你好 hello {n}]]></Content><MsgId>{first + n}</MsgId></xml>"
            )
            query = (
                f"signature={sign(settings.TOKEN, now, nonce)}&timestamp={now}&nonce={nonce}&openid={openid}"
            )
            if mode == "safe":
                encrypt = envelope.encrypt(body.encode())
                query += f"&encrypt_type=aes&msg_signature={sign(settings.TOKEN, now, nonce, encrypt)}"
                body = (
                    f"<xml><ToUserName><![CDATA[{settings.ORIGINAL_ID}]]></ToUserName>"
                    f"<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
                )
            file.write(f"{query}\t{body}\n")


def drive(port: int, pid: int, deliveries: Path, seconds: float, pause_ms: float = 0) -> Figures:
    """Let wrk post the deliveries in turn on 32 connections, with a mean pause of `pause_ms` after an answer.

    Every twentieth answer is written to a file for answers(). Raises AssertionError if an answer is not 200
    with a reply, or if a connection fails.
    """
    before = _cpu_seconds(pid)
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", str(_SCRIPT)]
    argv += [f"http://127.0.0.1:{port}", "--", str(deliveries), str(pause_ms), str(_sample(deliveries))]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = json.loads(output[output.index("{") :])
    spent = _cpu_seconds(pid) - before
    assert found["bad"] == 0, f"{found['bad']} bad answers"
    return Figures(
        rate=found["requests"] / found["seconds"],
        cpu=spent / found["requests"] * 1e6,
        p50=found["p50"],
        p99=found["p99"],
    )


def answers(deliveries: Path, mode: str) -> list[str]:
    """Return the text of every twentieth answer. Raises ValueError if an answer has none."""
    sample = _sample(deliveries).read_bytes().split(b"\n\t\n")[:-1]
    return [content_of(answer, mode) for answer in sample]


def _sample(deliveries: Path) -> Path:
    return deliveries.with_suffix(".answers")


def family(pid: int) -> list[int]:
    """Return the ids of a process and of the processes that it started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    return [pid, *(int(child) for child in found.split())]


def _cpu_seconds(pid: int) -> float:
    total = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def content_of(answer: bytes, mode: str) -> str:
    """Return the text in a reply, to check that the server works. Raises ValueError if there is none."""
    text = answer.decode()
    if mode == "safe":
        encrypt = _between(text, "<Encrypt>", "</Encrypt>")
        text = Envelope(settings.AES_KEY, settings.APP_ID).decrypt(encrypt).decode()
    return _between(text, "<Content>", "</Content>")


def _between(text: str, start: str, end: str) -> str:
    found = text[text.index(start) + len(start) : text.index(end)]
    return found.strip().removeprefix("<![CDATA[").removesuffix("]]>")
