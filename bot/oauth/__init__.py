"""A visit's way: guard -> authorize_redirect -> code_return -> exchange -> sign_in.

`request.py` has the records that go from step to step, `state.py` and `session.py` what is kept meanwhile.
"""
