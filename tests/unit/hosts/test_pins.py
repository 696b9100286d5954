"""Pins: which keys pass, which algorithms are offered. And what goes in by standard input."""

import pytest

from orchestrator.hosts.pins import disabled_algorithms, fingerprint
from orchestrator.hosts.port import HostSpec, Spec, SpecKind
from orchestrator.hosts.stdin import NoInput, Secrets, input_of
from orchestrator.model.terms import Platform

ALL = {
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
}


@pytest.mark.parametrize(
    ("types", "offered"),
    [
        ((), ALL),
        (("ssh-ed25519",), {"ssh-ed25519"}),
        (("ssh-rsa",), {"rsa-sha2-512", "rsa-sha2-256"}),
        (("ssh-rsa", "ecdsa-sha2-nistp256"), {"rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256"}),
        (("sk-unheard-of",), ALL),  # nothing of it can be negotiated: the fingerprint decides
    ],
)
def test_only_pinned_types_are_offered(types: tuple[str, ...], offered: set[str]) -> None:
    assert ALL - set(disabled_algorithms(types)["keys"]) == offered


def test_nothing_weak_is_offered() -> None:
    disabled = disabled_algorithms(())
    assert all("ctr" not in name and "gcm" not in name for name in disabled["ciphers"])
    assert not any("sha2" in name for name in disabled["macs"])


def test_a_fingerprint_reads_as_ssh_keygen_writes_it() -> None:
    assert fingerprint(b"") == "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"


HOST = HostSpec("db", "10.0.0.1", 22, "orch", Platform.LINUX, ())


@pytest.mark.parametrize(
    ("stdin", "secret", "found"),
    [(None, None, None), ("yes", None, "yes"), ("", None, ""), (None, "env:PW", "s3cret")],
)
def test_input(stdin: str | None, secret: str | None, found: str | None) -> None:
    spec = Spec(SpecKind.STEP, HOST, 1, argv=("cat",), stdin=stdin, stdin_secret=secret)
    assert input_of(spec, Secrets([secret] if secret else [], {"PW": "s3cret"})) == found


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("env:NO", "not set"),
        ("env:NONE", "is empty"),
        ("env:BLANK", "is empty"),
        ("file:x", "only env:"),
        ("env:TWO", "one line"),
        ("env:LATIN", "not UTF-8"),
    ],
)
def test_an_input_that_cannot_be_given_never_shows_the_value(secret: str, why: str) -> None:
    spec = Spec(SpecKind.STEP, HOST, 1, argv=("cat",), stdin_secret=secret)
    with pytest.raises(NoInput, match=why) as caught:
        input_of(spec, Secrets([secret], {"TWO": "hidden\nhidden", "NONE": "", "BLANK": " ", "LATIN": "hidden\udce4"}))
    assert "hidden" not in str(caught.value)


def test_a_secret_that_the_run_does_not_refer_to_is_never_sent() -> None:
    spec = Spec(SpecKind.STEP, HOST, 1, argv=("cat",), stdin_secret="env:OTHER")
    secrets = Secrets(["env:PW"], {"PW": "hidden", "OTHER": "hidden"})
    with pytest.raises(NoInput, match="none that this run refers to"):
        input_of(spec, secrets)
    assert "hidden" not in repr(secrets)
