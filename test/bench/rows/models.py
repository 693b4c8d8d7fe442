"""models."""


def specs():
    return []
