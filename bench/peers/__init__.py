"""The peers of `bench.callback`: each answers a text with the same text. They run in an environment of their
own, never in the project's."""
