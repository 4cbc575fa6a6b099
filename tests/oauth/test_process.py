"""The same visit through a real `python -m bot`: one line for each request, and never a traceback."""

from collections.abc import Callable

import requests

from tests.conftest import StartWeChat
from tests.launch import Bot
from tests.oauth.visitor import Phone, query


def test_a_real_bot_takes_a_visitor_through_and_logs_one_line_for_each_request(
    start_wechat: StartWeChat, bots: Callable[..., Bot]
) -> None:
    wechat = start_wechat()
    bot = bots(wechat)
    phone = Phone(wechat)
    answers: list[requests.Response] = []
    lines = bot.log_of(lambda: answers.append(phone.visit(bot.url + "/")))
    assert "Hello world 小刚" in answers[0].text
    statuses = [word for line in lines for word in line.split() if word.startswith("status=")]
    assert statuses == ["status=302", "status=302", "status=200"]
    phone.close()


def test_a_real_bot_says_what_went_wrong_in_one_line(
    start_wechat: StartWeChat, bots: Callable[..., Bot]
) -> None:
    wechat = start_wechat()
    bot = bots(wechat)
    phone = Phone(wechat)
    state = query(phone.to_authorize(bot.url + "/"))["state"]
    answers: list[requests.Response] = []
    lines = bot.log_of(lambda: answers.append(phone.open(f"{bot.url}/?state={state}")))
    assert answers[0].status_code == 403
    assert len(lines) == 1
    assert "result=refused" in lines[0]
    wechat.faults([{"path": "/sns/*", "drop": True}])
    lines = bot.log_of(lambda: answers.append(phone.open(phone.back(bot.url + "/"))))
    assert answers[1].status_code == 502
    assert sum("result=wechat-down" in line for line in lines) == 1
    assert not any("Traceback" in line or state in line for line in lines)
    phone.close()
