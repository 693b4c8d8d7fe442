"""convolutions."""


def specs():
    return []
