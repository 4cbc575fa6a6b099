"""A visit's way: guard -> authorize_redirect -> code_return -> exchange -> profile -> sign_in.

`request.py` and `visitor.py` have the records that go from step to step, `state.py` and `session.py` what is
kept meanwhile. Nothing here reads a web.py request or renders a page.
"""
