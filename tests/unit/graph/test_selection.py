"""What selectors match."""

import pytest

from orchestrator.graph.selection import select
from orchestrator.model.errors import UsageError
from tests.builders import workspace

ESTATE = """
    app requires db
    app on h-app
    app owner nord
    app label tier=web
    db on h-db-1 h-db-2
    db kind postgresql
    db label tier=data
    h-app in muc-dmz
    h-db-1 in muc-data
    h-db-2 in ess-data
    store external
    store serves sued
    portal service app
"""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), "app db store"),
        (("db",), "db"),
        (("id=db",), "db"),
        (("*",), "app db store"),
        (("?x?",), ""),
        (("a?p", "d[ab]"), "app db"),
        (("kind=postgres*",), "db"),
        (("owner=customer",), "app"),
        (("owner=internal",), "db store"),
        (("owner=nord",), "app"),
        (("managed=external",), "store"),
        (("managed=ssh",), "app db"),
        (("zone=muc-*",), "app db"),
        (("zone=ess-data",), "db"),
        (("zone=muc-*,kind=postgresql",), "db"),
        (("host=h-db-2",), "db"),
        (("platform=linux",), "app db"),
        (("service=portal",), "app"),
        (("customer=sued",), "app db store"),  # the portal is for all customers
        (("customer=nord,kind=service",), "app"),
        (("label.tier=data",), "db"),
        (("label.tier=*",), "app db"),
        (("label.tier=web", "store"), "app store"),
        (("APP",), ""),
    ],
)
def test_select(arguments: tuple[str, ...], found: str) -> None:
    ws = workspace(ESTATE)
    if found:
        assert " ".join(select(ws, arguments)) == found
    else:
        with pytest.raises(UsageError, match="matches no system"):
            select(ws, arguments)


@pytest.mark.parametrize(
    ("argument", "what", "advice"),
    [
        ("stroe", 'stroe" matches no system', "Did you mean store?"),
        ("kind=postgresq", "matches no system", "Did you mean postgresql?"),
        ("knid=x", 'unknown key "knid"', ""),
        ("kind=", "nothing stands after kind=", ""),
        ("", "is empty", ""),
        ("[" * 5_000, "is 5,000 characters long, at most 4,096 can be read", ""),
        (",", "nothing stands between", ""),
        ("app,kind=postgresql", "matches no system", "no system matches all of them"),
    ],
)
def test_what_is_no_selector_or_matches_nothing(argument: str, what: str, advice: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        select(workspace(ESTATE), [argument])
    assert advice in caught.value.advice


def test_a_glob_takes_no_more_than_linear_time() -> None:
    ws = workspace(f"{'a' * 60} requires b")
    with pytest.raises(UsageError):
        select(ws, ["*a" * 500 + "b"])
