"""The kinds of reply, each with the form of an answer and the form of a push."""
