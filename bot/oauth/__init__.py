"""The steps of a visit: guard -> authorize_redirect -> code_return -> exchange -> profile -> sign_in.

`request.py` and `visitor.py` have the records that the steps pass on, `state.py` and `session.py` the records
that stay in the store. Nothing here reads a web.py request or renders a page.
"""
