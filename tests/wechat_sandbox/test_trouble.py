"""Trouble on purpose: coinciding ids and times (rule 12), and deliveries that overtake and overlap."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.conditions import until
from tests.launch import Sandbox, start_sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, Received, text

pytestmark = pytest.mark.slow


def test_rule_12_two_users_messages_carry_one_msg_id(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.settings(equal_msg_ids=True)
    other = sandbox.add_user("小丽", subscribed=True)
    for one in (openid, other, openid, openid, other):
        sandbox.send(one, content="hi")
    first, second, third, fourth, fifth = (received.text("MsgId") for received in server.deliveries)
    assert first == second
    assert fourth == fifth
    assert len({first, third, fourth}) == 3


def test_rule_12_two_events_in_one_second(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    sandbox.settings(same_second=True)
    sandbox.location(openid)
    sandbox.clock(30)
    sandbox.unsubscribe(openid)
    sandbox.clock(60)
    sandbox.subscribe(openid)
    first, second, third = (received.text("CreateTime") for received in server.deliveries)
    assert first == second != third


def in_the_background(act: Callable[[], Any]) -> Callable[[], Any]:
    """What `act` returned, once it has."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(act()))
    thread.start()

    def wait() -> Any:
        thread.join(60)
        return results[0]

    return wait


def send(sandbox: Sandbox, openid: str, content: str) -> dict[str, Any]:
    """As `Sandbox.send`, for a thread of its own."""
    url = f"{sandbox.url}/_sandbox/users/{openid}/send"
    answer: dict[str, Any] = requests.post(url, json={"content": content}, timeout=60).json()
    return answer


def test_the_retry_overlaps_the_first_try(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    retried = threading.Event()
    sandbox.faults([{"path": "delivery", "overlap": True, "count": 1}])

    def script(received: Received) -> Answer:
        if len(server.deliveries) == 1:
            # Answers only once the second try is there.
            return Answer(text(openid, "first"), hold=retried)
        retried.set()
        return Answer(text(openid, "second"))

    server.script = script
    result = sandbox.send(openid, content="hi")
    assert [delivery["outcome"] for delivery in result["deliveries"]] == ["reply", "reply"]
    assert [delivery["attempt"] for delivery in result["deliveries"]] == [1, 2]
    # Whichever came first is shown, and nothing but that.
    [shown] = result["shown"]
    assert shown["content"] in ("first", "second")
    assert len({received.body for received in server.deliveries}) == 1


def test_two_messages_change_places(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    other = sandbox.add_user("小丽", subscribed=True)
    sandbox.faults([{"path": "delivery", "reorder": True, "count": 1}])
    late = in_the_background(lambda: send(sandbox, openid, "first"))
    # The second goes when the first is held back, which the used-up fault tells.
    until(lambda: sandbox.call("GET", "faults")["faults"][0]["count"], lambda count: count == 0)
    sandbox.send(other, content="second")
    late()
    assert [received.text("Content") for received in server.deliveries] == ["second", "first"]


def test_a_message_that_nobody_overtakes_goes_after_a_while(hasty: Sandbox, server: CallbackServer) -> None:
    hasty.set_callback(server.url)
    openid = hasty.add_user("a", subscribed=True)
    hasty.faults([{"path": "delivery", "reorder": True}])
    assert hasty.send(openid, content="hi")["deliveries"][0]["outcome"] == "success"


def test_a_wrong_content_type(sandbox: Sandbox, api) -> None:
    sandbox.faults([{"path": "/cgi-bin/menu/*", "content_type": "text/html; charset=gbk"}])
    answer = api.raw("GET", "/cgi-bin/menu/get", params={"access_token": api.token})
    assert answer.headers["Content-Type"] == "text/html; charset=gbk"
    assert b'"errcode":46003' in answer.content


@pytest.mark.parametrize("errcode", [-1, 40001, 42001, 45009, 45011, 40164])
def test_any_error_of_any_path(sandbox: Sandbox, api, errcode: int) -> None:
    sandbox.faults([{"path": "/cgi-bin/user/*", "errcode": errcode, "count": 1}])
    answer = api.get("user/get")
    assert answer["errcode"] == errcode
    assert " rid: " in answer["errmsg"]
    if errcode == 40164:
        assert answer["errmsg"].startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist")
    assert api.get("user/get")["total"] == 0


def test_faults_from_the_command_line() -> None:
    faults = ("/cgi-bin/menu/* errcode=-1 count=2", "delivery drop=true probability=0.5")
    with start_sandbox("--fault", faults[0], "--fault", faults[1]) as sandbox:
        given = [
            {"path": "/cgi-bin/menu/*", "errcode": -1, "count": 2, "probability": 1.0},
            {"path": "delivery", "drop": True, "probability": 0.5},
        ]
        assert sandbox.call("GET", "faults")["faults"] == given
        sandbox.faults([])
        sandbox.reset()
        assert sandbox.call("GET", "faults")["faults"] == given


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"path": "*", "overlap": True}, "faults[0].overlap: only deliveries"),
        ({"path": "*", "reorder": True}, "faults[0].reorder: only deliveries"),
        ({"path": "delivery", "content_type": "text/html"}, "faults[0].content_type: a delivery has none"),
        ({"path": "*", "content_type": "a\nb"}, "faults[0].content_type: must be one line"),
    ],
)
def test_faults_are_validated(sandbox: Sandbox, fault: dict[str, Any], error: str) -> None:
    with pytest.raises(AssertionError, match="400") as caught:
        sandbox.faults([fault])
    assert error in str(caught.value)
