"""attention."""


def specs():
    return []
