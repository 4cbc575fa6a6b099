"""python -m bot [serve | worker | jobs | forget | check | example-config]"""

import argparse
import os
import sys
import tempfile


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="A WeChat Official Account bot server."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve (the default)")
    commands.add_parser("check", help="check settings, menu, store and account before going live")
    commands.add_parser("example-config", help="print config.example.py, made from the settings table")
    commands.add_parser("worker", help="run slow answers, and nothing else")
    jobs = commands.add_parser("jobs", help="list slow answers that wait, run or failed")
    jobs.add_argument("--retry", metavar="ID", help="run a failed one again; ALL for all")
    forget = commands.add_parser("forget", help="delete what is kept about a person, and end their sessions")
    person = forget.add_mutually_exclusive_group(required=True)
    person.add_argument("--openid", default="")
    person.add_argument("--phone", default="", help="a number that is bound")
    options = parser.parse_args()
    command = options.command or "serve"
    # Imports wait for their command: a fault in handlers/ must not keep example-config from working, and
    # the metrics library looks for its shared folder when it is imported.
    if command == "example-config":
        from bot.config import Config
        from bot.settings.example import example

        print(example(Config), end="")
        return 0
    if command == "check":
        from bot.cli.check import check

        return check()
    if command == "jobs":
        from bot.cli.jobs import jobs as show_jobs

        return show_jobs(options.retry)
    if command == "forget":
        from bot.cli.forget import forget as forget_person

        return forget_person(options.openid, options.phone)
    if command == "worker":
        from bot.cli.worker import work

        return work()
    with tempfile.TemporaryDirectory(prefix="bot-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        from bot.cli.serve import serve

        return serve()


if __name__ == "__main__":
    sys.exit(main())
