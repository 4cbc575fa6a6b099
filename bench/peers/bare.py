"""The floor: a WSGI application that does nothing."""


def application(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"<xml></xml>"]
