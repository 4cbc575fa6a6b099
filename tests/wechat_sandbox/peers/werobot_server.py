"""An account's server by PyPI `WeRoBot`."""

import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

import werobot

robot = werobot.WeRoBot(
    token=os.environ["TOKEN"],
    encoding_aes_key=os.environ["AES_KEY"],
    app_id=os.environ["APP_ID"],
    enable_session=False,
)


@robot.subscribe
def greet(message):
    return "欢迎"


@robot.text
def echo(message):
    return f"你说：{message.content}"


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


server = make_server("127.0.0.1", 0, robot.wsgi, handler_class=Quiet)
print(f"peer ready http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
