"""The keys of an inventory's entries, and the types that only they have: requirements, vars, gateways (section 3)."""

from sys import intern

from orchestrator.model.identifiers import is_address, is_id, is_user, is_var
from orchestrator.model.inventory import After, Requirement, SecretRef
from orchestrator.model.source import Ref
from orchestrator.model.terms import Action, Platform
from orchestrator.workspace import reader
from orchestrator.workspace.fields import (
    Fields,
    File,
    Reader,
    boolean,
    choice,
    entries,
    identifier,
    integer,
    items,
    line_of_text,
    list_of,
    refuse_id,
)
from orchestrator.workspace.reader import Node, Scalar


def _mention(target: str, verb: str) -> Reader:
    """An id that has to exist, as text."""

    def read(file: File, node: Node, key: str) -> str | None:
        id = identifier(file, node, key)
        if id is not None:
            file.mention(target, id, node.line, verb)
        return id

    return read


def _ref(target: str, verb: str) -> Reader:
    """An id that has to exist, with its place."""
    read_id = _mention(target, verb)

    def read(file: File, node: Node, key: str) -> Ref | None:
        id = read_id(file, node, key)
        return None if id is None else Ref(id, file.source(node.line))

    return read


def _requirements(file: File, node: Node, key: str) -> tuple[Requirement, ...] | None:
    nodes = items(file, node, key)
    if nodes is None:
        return None
    where = f"an item of {key}"
    found = [
        _plain_requirement(file, item, where) if isinstance(item, Scalar) else _group(file, item, key) for item in nodes
    ]
    return tuple([one for one in found if one is not None])


def _plain_requirement(file: File, node: Scalar, where: str) -> Requirement | None:
    id = _requires(file, node, where)
    return None if id is None else Requirement((id,), 1, file.source(node.line))


def _group(file: File, node: Node, key: str) -> Requirement | None:
    got = _ANY.read(file, node, f"a group of {key}")
    if got is None:
        return None
    alternatives = got["any"]
    at_least = got.get("at_least", 1)
    if at_least > len(alternatives):
        file.problem(node.line, f"at_least is {at_least}, but the group has only {len(alternatives)}.")
        return None
    return Requirement(alternatives, at_least, file.source(node.line))


def _after(file: File, node: Node, key: str) -> tuple[After, ...] | None:
    nodes = items(file, node, key)
    if nodes is None:
        return None
    found = []
    for item in nodes:
        if isinstance(item, reader.Mapping):
            got = _AFTER.read(file, item, f"an item of {key}")
        else:
            id = _comes_after(file, item, f"an item of {key}")
            got = None if id is None else {"system": id}
        if got is not None:
            found.append(After(got["system"], got.get("when"), file.source(item.line)))
    return tuple(found)


def _gateways(file: File, node: Node, key: str) -> tuple[Ref, ...] | None:
    if isinstance(node, Scalar):
        one = _gateway(file, node, key)
        return None if one is None else (one,)
    several: tuple[Ref, ...] | None = _several_gateways(file, node, key)
    return several


def _vars(file: File, node: Node, key: str) -> dict[str, str | SecretRef] | None:
    found: dict[str, str | SecretRef] = {}
    for name, value in entries(file, node, key, "a mapping of vars").items():
        where = f"{key}.{name}"
        if not is_var(name):
            file.problem(value.line, f'{key} has "{reader.shorten(name)}"; expected a name of a-z, 0-9 and _.')
        elif isinstance(value, reader.Mapping):
            got = _SECRET.read(file, value, where)
            if got is not None:
                found[intern(name)] = SecretRef(got["secret"])
        elif isinstance(value, Scalar) and not value.is_null:
            found[intern(name)] = value.text
        else:
            file.expected(value, where, "text or {secret: env:NAME}", "Leave it out to take the playbook's default.")
    return found


def _secret(file: File, node: Node, key: str) -> str | None:
    if isinstance(node, Scalar) and node.text.startswith("env:") and _is_env(node.text[4:]):
        return node.text
    shown = "it" if isinstance(node, Scalar) else reader.kind_of(node)  # a secret pasted in is not repeated
    if not isinstance(node, reader.Wrong):
        file.problem(node.line, f"{key}: {shown} is no reference to a secret; expected env:NAME.")
    return None


def _is_env(name: str) -> bool:
    return name.isascii() and name.isidentifier() and len(name) <= 255


def _labels(file: File, node: Node, key: str) -> dict[str, str] | None:
    found = {}
    for name, value in entries(file, node, key, "a mapping of labels").items():
        if not is_id(name):
            refuse_id(file, Scalar(value.line, name, True), f"a name in {key}")
            continue
        label = line_of_text(file, value, f"{key}.{name}")
        if label is not None:
            found[intern(name)] = intern(label)
    return found


def _names(file: File, node: Node, key: str) -> dict[str, str] | None:
    """A name, or names by language."""
    if isinstance(node, Scalar):
        one = line_of_text(file, node, key)
        return None if one is None else {"": one}
    found = {}
    for language, value in entries(file, node, key, "a name, or names by language ({de: ..., en: ...})").items():
        name = line_of_text(file, value, f"{key}.{language}")
        if _language(file, Scalar(value.line, language, True), f"a language of {key}") is not None and name is not None:
            found[language] = name
    return found or None


def _language(file: File, node: Node, key: str) -> str | None:
    if isinstance(node, Scalar) and is_id(node.text) and 2 <= len(node.text) <= 10 and node.text[:2].isalpha():
        return intern(node.text)
    file.expected(node, key, "a language such as de or en")
    return None


def _all_or_list(file: File, node: Node, key: str) -> tuple[str, ...] | str | None:
    if isinstance(node, Scalar) and node.text == "all":
        return "all"
    several: tuple[str, ...] | None = _customers(file, node, key)
    return several


def _address(file: File, node: Node, key: str) -> str | None:
    if isinstance(node, Scalar) and is_address(node.text):
        return node.text
    file.expected(node, key, "a host name or an IPv4 or IPv6 address")
    return None


def _user(file: File, node: Node, key: str) -> str | None:
    if isinstance(node, Scalar) and is_user(node.text):
        return intern(node.text)
    file.expected(node, key, "a login name (letters, digits, . _ -)")
    return None


def _key_file(file: File, node: Node, key: str) -> str | None:
    path = line_of_text(file, node, key)
    if path is not None and path.startswith("-"):
        file.expected(node, key, "a path, which begins with no -")
        return None
    return None if path is None else intern(path)


def _config_file(file: File, node: Node, key: str) -> Ref | None:
    path = _key_file(file, node, key)
    return None if path is None else Ref(path, file.source(node.line))


def _why(file: File, node: Node, key: str) -> str | None:
    if isinstance(node, Scalar) and node.text.lower() in {"true", "false", "yes", "no", "null", "~"}:
        advice = "Say why in words; leave the key out where the system is not protected."
        file.expected(node, key, "the reason in words", advice)
        return None
    return line_of_text(file, node, key)


def _external(file: File, node: Node, key: str) -> bool | None:
    if isinstance(node, Scalar) and node.text == "external":
        return True
    file.expected(node, key, "external", "Leave it out where orch does it.")
    return None


_requires = _mention("system", "requires")
_comes_after = _mention("system", "comes after")
_gateway = _ref("host", "is reached through the host")
_several_gateways = list_of(_gateway, at_least=1)
_customers = list_of(_mention("customer", "serves the customer"))
_control_path = list_of(_ref("system", "has in its control path"))

_ANY = Fields({"any": ("any", list_of(_requires, at_least=1)), "at_least": ("at_least", integer(1, 10**6))}, ["any"])
_AFTER = Fields({"system": ("system", _comes_after), "when": ("when", choice(Action))}, ["system"])
_SECRET = Fields({"secret": ("secret", _secret)}, ["secret"])
_LOGIN: dict[str, tuple[str, Reader]] = {
    "user": ("user", _user),
    "port": ("port", integer(1, 65535)),
    "identity": ("identity", _key_file),
}
DEFAULT_HOSTS = Fields({**_LOGIN, "ssh_config": ("ssh_config", _config_file)})
CUSTOMER = Fields({"name": ("name", line_of_text), "language": ("language", _language)}, ["name"])
ZONE = Fields(
    {
        "gateway": ("gateways", _gateways),
        "control_path": ("control_path", _control_path),
        "requires": ("requires", _requirements),
        "parallel": ("parallel", integer(1, 10**6)),
    }
)
HOST = Fields(
    {
        "address": ("address", _address),
        "zone": ("zone", _ref("zone", "lies in zone")),
        "platform": ("platform", choice(Platform)),
        "runs_on": ("runs_on", _ref("system", "runs on")),
        "way": ("way", _ref("system", "has its way kept open by")),
        **_LOGIN,
        "receipts": ("receipts", boolean),
    }
)
SYSTEM = Fields(
    {
        "kind": ("kind", identifier),
        "hosts": ("hosts", list_of(_ref("host", "lives on the host"))),
        "owner": ("owner", _mention("owner", "is owned by")),
        "customers": ("customers", _customers),
        "requires": ("requires", _requirements),
        "after": ("after", _after),
        "vars": ("vars", _vars),
        "labels": ("labels", _labels),
        "priority": ("priority", integer(-(10**6), 10**6)),
        "protected": ("protected", _why),
        "managed": ("external", _external),
        "serial": ("serial", boolean),
    },
    ["kind"],
)
OPERATOR = Fields({"control_path": ("control_path", _control_path)})
SERVICE = Fields(
    {"name": ("names", _names), "customers": ("customers", _all_or_list), "requires": ("requires", _requirements)},
    ["name"],
)
