"""The peer of bench/home_page.py: the same page with Flask, Flask-Session, wechatpy and Jinja2, each used as
its documentation shows.

It runs in a venv of its own with these packages. The project's venv does not have them.
"""

import logging
import os
import secrets
import sqlite3
import time
from typing import Any

import redis
from flask import Flask, g, redirect, render_template, request, session
from flask_session import Session
from wechatpy import WeChatClient
from wechatpy.session import SessionStorage
from wechatpy.session.redisstorage import RedisStorage

STORE = os.environ["PEER_STORE"]  # a redis URL, or the path of an SQLite file
APIS = ["getNetworkType", "updateAppMessageShareData", "updateTimelineShareData"]


class SqliteStorage(SessionStorage):  # type: ignore[misc]  # wechatpy has no types
    """A wechatpy storage on SQLite, which wechatpy lacks. It is as long as wechatpy's own storages."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("CREATE TABLE IF NOT EXISTS wechat (key TEXT PRIMARY KEY, value)")

    def get(self, key: str, default: Any = None) -> Any:
        row = self._db.execute("SELECT value FROM wechat WHERE key = ?", (key,)).fetchone()
        return row[0] if row else default

    def set(self, key: str, value: Any, ttl: int | None = None) -> None:
        self._db.execute("REPLACE INTO wechat (key, value) VALUES (?, ?)", (key, value))

    def delete(self, key: str) -> None:
        self._db.execute("DELETE FROM wechat WHERE key = ?", (key,))


app = Flask(__name__, template_folder=os.environ["PEER_TEMPLATES"])
if STORE.startswith("/"):
    from flask_sqlalchemy import SQLAlchemy

    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + STORE
    database = SQLAlchemy(app)
    # Flask-Session writes the session at each request, which is slow on SQLite. Switch this off, so that the
    # comparison does not harm the peer.
    app.config.update(
        SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=database, SESSION_REFRESH_EACH_REQUEST=False
    )
    storage: SessionStorage = SqliteStorage(STORE)
    storage._db.execute("PRAGMA journal_mode = WAL")
else:
    client_of_redis = redis.Redis.from_url(STORE)
    app.config.update(
        SESSION_TYPE="redis",
        SESSION_REDIS=client_of_redis,
        SESSION_REFRESH_EACH_REQUEST=os.environ["PEER_REFRESH"] == "yes",
    )
    storage = RedisStorage(client_of_redis)
Session(app)
client = WeChatClient(os.environ["PEER_APP_ID"], os.environ["PEER_SECRET"], session=storage)
logging.basicConfig(filename=os.environ["PEER_LOG"], level=logging.INFO, format="%(asctime)s %(message)s")


@app.before_request
def begin() -> None:
    g.began = time.perf_counter()


@app.after_request
def log(response: Any) -> Any:
    ms = (time.perf_counter() - g.began) * 1000
    app.logger.info("%s %s %d %.1f", request.method, request.path, response.status_code, ms)
    return response


@app.get("/login-for-the-benchmark")
def login() -> str:
    session["visitor"] = {
        "openid": "o1",
        "nickname": "Ming",
        "avatar": "https://thirdwx.qlogo.cn/mmopen/x/132",
    }
    client.session.set(client.appid + "_jsapi_ticket", "T" * 86, 7200)
    client.session.set(client.appid + "_jsapi_ticket_expires_at", int(time.time()) + 7200, 7200)
    return "ok"


@app.get("/")
def home() -> Any:
    if "visitor" not in session:
        return redirect("/oauth")
    nonce, timestamp, url = secrets.token_hex(8), int(time.time()), os.environ["PEER_URL"] + "/"
    signature = client.jsapi.get_jsapi_signature(nonce, client.jsapi.get_jsapi_ticket(), timestamp, url)
    config = {
        "debug": False,
        "appId": client.appid,
        "timestamp": timestamp,
        "nonceStr": nonce,
        "signature": signature,
        "jsApiList": APIS,
    }
    return render_template("home.html", visitor=session["visitor"], config=config, page_url=url)
