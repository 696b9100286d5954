"""What a service is called, for whom: a customer reads its name in their own language.

Where there is none in it: one without a language, else the English one, else any, else the id.
"""

from collections.abc import Mapping


def name_in(names: Mapping[str, str], language: str, fallback: str) -> str:
    """A service's name in `language` (`de`; of `de-CH` also the `de`), or the nearest to it."""
    for wanted in (language, language.partition("-")[0], "", "en"):
        if names.get(wanted):
            return names[wanted]
    return next((name for name in names.values() if name), fallback)
