"""Recording a conversation, replaying it with the server of now, exporting it as a test."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.launch import ROOT, Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, Received, text

pytestmark = pytest.mark.slow


def echo(received: Received) -> Answer:
    openid = received.query["openid"]
    if received.text("Event") == "subscribe":
        return Answer(text(openid, f"欢迎 {openid}"))
    if received.text("Content"):
        return Answer(text(openid, f"你说：{received.text('Content')}"))
    return Answer()


def deaf(received: Received) -> Answer:
    return Answer(text(received.query["openid"], "什么？"))


@pytest.fixture
def recording(sandbox: Sandbox, server: CallbackServer, api) -> dict[str, Any]:
    """小明 follows, writes, sends a picture; 小红 scans; an hour passes; 小明 is written to, and leaves."""
    sandbox.set_callback(server.url)
    server.script = echo
    ming, hong = (user["openid"] for user in sandbox.state()["users"])
    sandbox.subscribe(ming)
    sandbox.send(ming, content="hi")
    media = requests.post(
        f"{sandbox.url}/_sandbox/media",
        data=b"a picture",
        headers={"Content-Type": "image/png"},
        timeout=60,
    ).json()
    sandbox.send(ming, "image", media_id=media["media_id"])
    sandbox.scan(hong, scene="door")
    sandbox.clock(3600)
    api.post("message/custom/send", {"touser": ming, "msgtype": "text", "text": {"content": "晚到的话"}})
    with pytest.raises(AssertionError, match="400"):
        sandbox.subscribe(ming)
    sandbox.unsubscribe(ming)
    recorded: dict[str, Any] = sandbox.call("GET", "recording")
    return recorded


def test_a_recording_is_readable_and_without_secrets(sandbox: Sandbox, recording: dict[str, Any]) -> None:
    steps = [(step["nickname"], step["act"]["type"]) for step in recording["steps"]]
    assert steps == [
        ("小明", "subscribe"),
        ("小明", "send"),
        ("小明", "send"),
        ("小红", "scan"),
        (None, "clock"),
        ("小明", "unsubscribe"),
    ]
    assert [(one["nickname"], one["subscribed"]) for one in recording["users"]] == [
        ("小明", False),
        ("小红", False),
    ]
    said = recording["steps"][1]
    assert said["act"]["body"] == {"type": "text", "content": "hi"}
    assert [message["content"] for message in said["shown"]] == ["你说：hi"]
    assert [delivery["outcome"] for delivery in said["deliveries"]] == ["reply"]
    assert recording["steps"][3]["act"]["body"] == {"scene": "door"}
    # What came late belongs to the act that it came after.
    assert [message["content"] for message in recording["steps"][2]["shown"]] == ["晚到的话"]
    assert "/cgi-bin/message/custom/send" in [call["path"] for call in recording["steps"][4]["calls"]]
    written = json.dumps(recording)
    account = sandbox.state()["account"]
    for secret in ("app_secret", "token", "aes_key"):
        assert account[secret] not in written


def replay(sandbox: Sandbox, recording: dict[str, Any]) -> dict[str, Any]:
    return sandbox.call("POST", "replay", {"recording": recording})


def without_late(recording: dict[str, Any]) -> dict[str, Any]:
    """Nobody sends it again: it was written by hand."""
    recording["steps"][2]["shown"] = []
    return recording


def test_the_same_server_answers_the_same(
    sandbox: Sandbox, server: CallbackServer, recording: dict[str, Any]
) -> None:
    result = replay(sandbox, without_late(recording))
    assert [step["difference"] for step in result["steps"]] == [""] * 6
    assert result["same"]
    # The picture came along.
    picture = server.deliveries[-3]
    assert picture.text("MsgType") == "image"
    # New people did it: the old ones are as they were, and so is the recording.
    assert len(sandbox.state()["users"]) == 4
    assert len(sandbox.call("GET", "recording")["steps"]) == 6


def test_another_answer_is_shown_side_by_side(
    sandbox: Sandbox, server: CallbackServer, recording: dict[str, Any]
) -> None:
    server.script = deaf
    result = replay(sandbox, without_late(recording))
    assert not result["same"]
    step = result["steps"][1]
    assert not step["same"]
    assert [message["content"] for message in step["before"]] == ["你说：hi"]
    assert [message["content"] for message in step["after"]] == ["什么？"]
    lines = step["difference"].splitlines()
    assert lines[:2] == ["--- before", "+++ after"]
    assert [line for line in lines if line.startswith("-{")] == [
        '-{"content": "你说：hi", "from": "account", "type": "text"}'
    ]


def test_a_recording_replays_in_a_world_of_its_own(
    sandbox: Sandbox, server: CallbackServer, recording: dict[str, Any]
) -> None:
    sandbox.reset()
    assert replay(sandbox, without_late(recording))["same"]


def test_what_was_impossible_is_a_difference(sandbox: Sandbox, recording: dict[str, Any]) -> None:
    recording["users"][0]["subscribed"] = True
    result = replay(sandbox, without_late(recording))
    assert result["steps"][0]["after"][0]["type"] == "impossible"
    assert not result["same"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"version": 2}, "recording.version: must be 1"),
        ({"users": [{"openid": "o"}]}, "recording.users[0].nickname: missing"),
        ({"steps": [{"at": 1, "openid": "x", "act": {"type": "send"}}]}, "recording.steps[0].openid"),
        ({"steps": [{"at": 1, "openid": None, "act": {"type": "dance"}}]}, "recording.steps[0].act"),
        ({"steps": [{"at": 1, "openid": None, "act": {"type": "send"}}]}, "recording.steps[0].openid"),
        ({"steps": [5]}, "recording.steps[0]: must be an object"),
        ({"media": {"a": {"type": "image", "base64": "?"}}}, "recording.media.a"),
        ({"menu": []}, "recording.menu"),
    ],
)
def test_a_recording_must_make_sense(sandbox: Sandbox, change: dict[str, Any], error: str) -> None:
    empty = sandbox.call("GET", "recording")
    for call in ("replay", "export"):
        with pytest.raises(AssertionError, match="400") as caught:
            sandbox.call("POST", call, {"recording": empty | change})
        assert error in str(caught.value)


def export(sandbox: Sandbox, recording: dict[str, Any], folder: Path) -> Path:
    answer = requests.post(f"{sandbox.url}/_sandbox/export", json={"recording": recording}, timeout=60)
    assert answer.headers["Content-Type"] == "text/x-python; charset=utf-8"
    path = folder / "test_conversation.py"
    path.write_text(answer.text, encoding="utf-8")
    return path


def run(path: Path, callback: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(path)]
    env = os.environ | {"SANDBOX_CALLBACK": callback, "PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, cwd=path.parent, env=env, capture_output=True, text=True, timeout=60)


def test_an_exported_conversation_runs_as_a_test(
    sandbox: Sandbox, server: CallbackServer, recording: dict[str, Any], tmp_path: Path
) -> None:
    path = export(sandbox, without_late(recording), tmp_path)
    good = run(path, server.url)
    assert "6 passed" in good.stdout, good.stdout + good.stderr
    server.script = deaf
    bad = run(path, server.url)
    assert bad.returncode == 1
    assert "你说：hi" in bad.stdout
    assert "什么？" in bad.stdout


def test_late_answers_are_waited_for(sandbox: Sandbox, server: CallbackServer, api) -> None:
    """The server answers `success` and pushes its answer when it has it."""
    pushed: list[threading.Thread] = []

    def push(openid: str) -> None:
        body = {"touser": openid, "msgtype": "text", "text": {"content": "想好了"}}
        query = {"access_token": token}
        requests.post(
            f"{sandbox.url}/cgi-bin/message/custom/send", params=query, json=body, timeout=60
        ).close()

    def script(received: Received) -> Answer:
        pushed.append(threading.Timer(0.05, push, [received.query["openid"]]))
        pushed[-1].start()
        return Answer()

    token = api.token
    sandbox.set_callback(server.url)
    server.script = script
    openid = sandbox.add_user("小刚", subscribed=True)
    sandbox.send(openid, content="hi")
    pushed[0].join(60)
    recorded = sandbox.call("GET", "recording")
    assert [message["via"] for message in recorded["steps"][0]["shown"]] == ["custom"]
    assert replay(sandbox, recorded)["same"]
