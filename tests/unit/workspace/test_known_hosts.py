"""Pins: which names they stand for, what is told of lines that are none."""

import pytest

from orchestrator.model.errors import Problem
from orchestrator.model.inventory import Host
from orchestrator.model.source import Source
from orchestrator.model.workspace import KnownHosts
from orchestrator.workspace.known_hosts import parse_known_hosts
from tests.unit.workspace.keys import ED, ED_FINGERPRINT, ED_HASHED_DB_01, ED_OTHER, RSA_1024

HOSTS = [
    Host("db-01", Source("i.yaml", 1), "10.0.0.1"),
    Host("gw-01", Source("i.yaml", 2), "2001:db8::1", port=2222),
]


def parse(text: str | bytes) -> tuple[KnownHosts, list[str]]:
    found: list[Problem] = []
    data = text if isinstance(text, bytes) else text.encode()
    pins = parse_known_hosts("known_hosts", data, HOSTS, found)
    return pins, [str(problem) for problem in found]


def fingerprints(pins: KnownHosts, host: Host) -> list[str]:
    return [key.fingerprint for key in pins.keys_for(host.id, host.address, host.port)]


@pytest.mark.parametrize(
    ("text", "db", "gw"),
    [
        ("", [], []),
        ("# only a comment\n\n   \n", [], []),
        (f"db-01 {ED}\n", [ED_FINGERPRINT], []),
        (f"10.0.0.1 {ED} root@db-01\r\n", [ED_FINGERPRINT], []),
        (f"[10.0.0.1]:22 {ED}", [ED_FINGERPRINT], []),
        (f"[10.0.0.1]:2222 {ED}", [], []),
        (f"[2001:db8::1]:2222,db-01 {ED}", [ED_FINGERPRINT], [ED_FINGERPRINT]),
        (f"2001:db8::1 {ED}", [], []),
        (f"db-01 {ED}\ndb-01 {ED}\n10.0.0.1 {ED}", [ED_FINGERPRINT], []),
        (f"db-01 {ED}\n@revoked * {ED}", [], []),
        (f"db-01 {ED}\n@revoked gw-01 {ED}", [], []),
        (ED_HASHED_DB_01, [ED_FINGERPRINT], []),
    ],
)
def test_a_name_is_an_id_an_address_or_an_address_with_its_port(text: str, db: list[str], gw: list[str]) -> None:
    pins, problems = parse(text)
    assert problems == []
    assert fingerprints(pins, HOSTS[0]) == db
    assert fingerprints(pins, HOSTS[1]) == gw


def test_a_key_knows_its_type_and_line() -> None:
    pins, _ = parse(f"# c\ndb-01 {ED_OTHER}\ndb-01 {RSA_1024}\n")
    keys = pins.keys_for("db-01", "10.0.0.1", 22)
    assert [(key.type, str(key.source)) for key in keys] == [
        ("ssh-ed25519", "known_hosts:2"),
        ("ssh-rsa", "known_hosts:3"),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"@cert-authority * {ED}", "@cert-authority is not supported: pin each host's own key."),
        (f"@trusted db-01 {ED}", '"@trusted" is no marker that is known (@revoked).'),
        ("db-01 ssh-ed25519", "the line is no pin; expected NAME TYPE BASE64 [comment]."),
        ("@revoked", "the line is no pin; expected NAME TYPE BASE64 [comment]."),
        (f"*.rz {ED}", '"*.rz" is a pattern, which is not supported: name each host.'),
        (f"db-01,!gw-01 {ED}", '"!gw-01" is a pattern, which is not supported: name each host.'),
        (f"|2|a|b {ED}", '"|2|a|b" is no hashed name (|1|SALT|HASH).'),
        (f"|1|!|! {ED}", '"|1|!|!" is a pattern, which is not supported: name each host.'),
        (f"|1|ä|b {ED}", '"|1|ä|b" is no hashed name (|1|SALT|HASH).'),
        ("db-01 1024 35 1234", "keys of SSH protocol 1 are not supported."),
        ("db-01 ssh-ed25519 AAAA", "the key is not whole (cut, or too long)."),
        ("db-01 ssh-ed25519 ÄÄÄÄ", "the key is not whole (no base64)."),
        (b"db-01 ssh-ed25519 \xff", "the line is not UTF-8. Save the file as UTF-8."),
        ("ssh-ed25519 AAAA x", '"AAAA" is no type of key that is taken'),
    ],
)
def test_a_line_that_is_no_pin_is_told_and_the_others_hold(line: str | bytes, problem: str) -> None:
    text = (line if isinstance(line, bytes) else line.encode()) + f"\ndb-01 {ED}\n".encode()
    pins, problems = parse(text)
    assert len(problems) == 1
    assert problems[0].startswith(f"known_hosts:1  {problem}")
    assert fingerprints(pins, HOSTS[0]) == [ED_FINGERPRINT]
