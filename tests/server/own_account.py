"""Start a bot whose handlers are those of a test."""

from bench.account import Account
from tests.launch import Bot, Sandbox, bot_env


def start(sandbox: Sandbox, account: Account, **settings: str) -> Bot:
    """Return a running bot with the handlers of `account`, to which the sandbox delivers."""
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
    bot = Bot(env | {f"BOT_{name}": value for name, value in settings.items()}, cwd=account.folder)
    sandbox.set_callback(bot.callback)
    return bot
