"""elementwise."""


def specs():
    return []
