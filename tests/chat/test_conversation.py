"""What is kept about a user between messages, how long, and how it ends."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.chat.conversation import Conversations
from bot.chat.replies.kinds import Article, Image, News, Text
from bot.chat.replies.returned import Ask
from bot.errors import StoreError
from bot.store import Store, open_store
from tests.conftest import APP_ID, Clock, MakeConfig


@pytest.fixture
def store(make_config: MakeConfig, clock: Clock) -> Iterator[Store]:
    store = open_store(make_config().store_url, clock, app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def conversations(store: Store) -> Conversations:
    return Conversations(store)


def test_of_two_messages_at_once_one_closes_the_question(conversations: Conversations) -> None:
    for _ in range(20):
        conversations.ask("o", Ask("?", "name"))
        start = threading.Barrier(2)

        def close(start: threading.Barrier = start) -> bool:
            start.wait()
            return conversations.end_question("o")

        with ThreadPoolExecutor(2) as pool:
            results = [task.result() for task in [pool.submit(close), pool.submit(close)]]
        assert sorted(results) == [False, True]


def test_without_the_store_there_is_no_question_to_end(
    conversations: Conversations, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str) -> None:
        raise StoreError("gone")

    conversations.ask("o", Ask("?", "name"))
    with monkeypatch.context() as patch:
        patch.setattr(store, "take", refuse)
        assert not conversations.end_question("o")
    assert conversations.end_question("o")


def test_an_answer_that_was_taken_is_not_kept_again_from_the_same_source(
    conversations: Conversations, store: Store, clock: Clock
) -> None:
    """A process was killed after it had kept the answer, and another one repeats the step."""
    conversations.keep("o", Text("一"), "job:1")
    assert conversations.kept("o", "m1", again=False) == Text("一")
    conversations.keep("o", Text("一"), "job:1")
    assert not conversations.has_kept("o")
    conversations.keep("o", Text("二"), "job:2")
    assert conversations.has_kept("o")
    assert conversations.kept("o", "m2", again=False) == Text("二")
    clock.advance(900)
    assert store.get("kept:o") is None, "the marks do not stay"


def test_a_kept_answer_is_given_once(conversations: Conversations) -> None:
    news = News((Article("标题", "d", "p", "u"),))
    conversations.keep("o", news, "1")
    assert conversations.kept("other", "m1", again=False) is None
    assert conversations.kept("o", "m2", again=False) == news
    assert conversations.kept("o", "m3", again=False) is None


def test_a_message_that_is_run_again_is_given_the_same(conversations: Conversations) -> None:
    """Its process was killed after it had taken the kept answer, and before its reply was written down."""
    conversations.keep("o", Text("one"), "1")
    assert conversations.kept("o", "killed", again=False) == Text("one")
    conversations.keep("o", Text("two"), "2")
    assert conversations.kept("o", "killed", again=True) == Text("one")
    assert conversations.kept("o", "next", again=False) == Text("two")


def test_of_two_messages_at_once_one_is_given_what_was_kept(conversations: Conversations) -> None:
    for n in range(20):
        conversations.keep("o", Text("one"), str(n))
        start = threading.Barrier(2)

        def give(name: str, start: threading.Barrier = start) -> object:
            start.wait()
            return conversations.kept("o", name, again=False)

        with ThreadPoolExecutor(2) as pool:
            given = list(pool.map(give, (f"a{n}", f"b{n}")))
        assert given.count(None) == 1
        again = [conversations.kept("o", name, again=True) for name in (f"a{n}", f"b{n}")]
        assert again == given, "and neither changes when it is run again"


def test_two_kept_texts_are_both_kept(conversations: Conversations) -> None:
    conversations.keep("o", Text("one"), "1")
    conversations.keep("o", Text("two"), "2")
    assert conversations.kept("o", "m4", again=False) == Text("one\n\ntwo")


@pytest.mark.parametrize(("first", "second"), [(Text("one"), Image("m")), (Image("m"), Text("one"))])
def test_no_kept_answer_is_lost_to_another(
    conversations: Conversations, first: Text | Image, second: Text | Image
) -> None:
    conversations.keep("o", first, "1")
    conversations.keep("o", second, "2")
    assert [conversations.kept("o", "m5", again=False), conversations.kept("o", "m6", again=False)] == [
        first,
        second,
    ]


def test_what_is_kept_lasts_two_days(conversations: Conversations, clock: Clock) -> None:
    conversations.keep("o", Text("x"), "1")
    conversations.put_rest("o", "rest")
    clock.advance(48 * 3600)
    assert conversations.kept("o", "m7", again=False) is None
    assert conversations.take_rest("o") is None


def test_forgetting_deletes_everything_of_one_user(conversations: Conversations) -> None:
    for openid in ("gone", "stays"):
        conversations.ask(openid, Ask("?", "name"))
        conversations.keep(openid, Text("x"), "1")
        conversations.put_rest(openid, "rest")
    conversations.forget("gone")
    assert conversations.asked("gone") is None
    assert conversations.kept("gone", "m8", again=False) is None
    assert conversations.take_rest("gone") is None
    assert conversations.asked("stays") is not None
    assert conversations.kept("stays", "m9", again=False) == Text("x")
    assert conversations.take_rest("stays") == "rest"
