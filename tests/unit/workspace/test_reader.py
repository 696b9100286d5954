"""What the reader takes of YAML, what it refuses and with which words, and that nothing makes it fall over."""

import pytest

from orchestrator.model.errors import Problem
from orchestrator.workspace.reader import MAX_DEPTH, Mapping, Node, Scalar, Sequence, Wrong, read_nodes


def plain(node: Node | None) -> object:
    """A node as Python values, scalars as text."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.text if isinstance(node, Scalar) else node


def read(data: str | bytes) -> tuple[Mapping | None, list[str]]:
    found: list[Problem] = []
    node = read_nodes("f.yaml", data if isinstance(data, bytes) else data.encode(), found)
    return node, [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", {"a": "no"}),
        ("a: 22:30", {"a": "22:30"}),
        ("on: carrier", {"on": "carrier"}),
        ("yes: 1001", {"yes": "1001"}),
        ("a: 0o17", {"a": "0o17"}),
        ("a: 1e3", {"a": "1e3"}),
        ("a: 2026-03-01", {"a": "2026-03-01"}),
        ("a: null", {"a": "null"}),
        ("a:", {"a": ""}),
        ("a: 'it''s'", {"a": "it's"}),
        ('a: "tab\\tand\\nline"', {"a": "tab\tand\nline"}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("a: >-\n  one\n  two\n", {"a": "one two"}),
        ("a: [1, {b: c}, [d]]", {"a": ["1", {"b": "c"}, ["d"]]}),
        ("a:\n- b\n-  - c\n", {"a": ["b", ["c"]]}),
        ("---\na: b\n...\n", {"a": "b"}),
        ("\ufeffa: b", {"a": "b"}),
        ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
        ("# only\na: b # comment\n", {"a": "b"}),
        ("a: ü€😀", {"a": "ü€😀"}),
        ("'<<': a", {"<<": "a"}),
    ],
)
def test_scalars_stay_the_words_they_are(text: str, value: object) -> None:
    node, problems = read(text)
    assert problems == []
    assert plain(node) == value


def test_a_node_stands_where_a_person_looks_for_it() -> None:
    node, _ = read("a:\n  b:\n    - x\n    - y: 1\n      z: 2\nc: |\n  t\n")
    assert node is not None
    b = node.entries["a"].entries["b"]  # type: ignore[union-attr]
    assert (node.entries["a"].line, b.line, node.entries["c"].line) == (1, 2, 6)
    assert [item.line for item in b.items] == [3, 4]  # type: ignore[union-attr]
    assert b.items[1].entries["z"].line == 5  # type: ignore[union-attr]


def test_lines_are_counted_alike_with_crlf_and_long_lines() -> None:
    node, problems = read("a: " + "x" * 2_000_000 + "\r\n# c\r\nb: y\r\n")
    assert problems == []
    assert node is not None
    assert node.entries["b"].line == 3


REFUSED = [
    ("a: &x b", "f.yaml:1  an anchor (&x) is not allowed. Write the value out where it is needed."),
    ("a: &x [*x]", "f.yaml:1  an alias (*x) is not allowed. Write the value out."),
    ("a: b\nc: !!int 3", "f.yaml:2  a tag (tag:yaml.org,2002:int) is not allowed."),
    (
        "a: !!python/object/apply:os.system [id]",
        "f.yaml:1  a tag (tag:yaml.org,2002:python/object/apply:os.system) is not",
    ),
    ("a: !x b", "f.yaml:1  a tag (!x) is not allowed."),
    ("a: b\n<<: {c: d}", "f.yaml:2  a merge key (<<) is not allowed. Write the keys out."),
    ("a: 1\nb: 2\na: 3", 'f.yaml:3  the key "a" stands twice here, first in line 1. Delete one.'),
    ("a: {b: 1, b: 2}", 'f.yaml:1  the key "b" stands twice here, first in line 1. Delete one.'),
    ("a: 1\n---\nb: 2", 'f.yaml:2  a second document ("---") begins; a file holds one.'),
    ("%YAML 1.1\n---\na: b", "f.yaml:1  a directive (%...) is not allowed. Delete the line."),
    ("%TAG ! tag:x,2000:\n---\na: b", "f.yaml:1  a directive (%...) is not allowed. Delete the line."),
    ("? [a]\n: b", "f.yaml:1  a key is a list, a mapping or an alias; expected a word."),
    ('"": b', 'f.yaml:1  nothing stands before the ":"; expected a key.'),
    ("a:\n\tb: c", "f.yaml:2  no YAML: a tab stands where only spaces may indent or separate"),
    ("a: [b\nc: d", "f.yaml:2  no YAML: "),
    ("a: 'b\n", "f.yaml:1  no YAML: a quote is not closed."),
    ("a: b: c", 'f.yaml:1  no YAML: a ": " stands where no key can be; quote the text, or mend the indentation.'),
    ("a: b\n c\n  d: e", "f.yaml:3  no YAML: "),
    ("a: @b", "f.yaml:1  no YAML: this character cannot begin a word; quote the text"),
    ('a: "\\q"', 'f.yaml:1  no YAML: a "\\" in double quotes begins no escape that YAML knows; use single quotes'),
    ("", "f.yaml  the file is empty; expected keys and values."),
    ("# nothing\n", "f.yaml  the file is empty; expected keys and values."),
    ("---\n", "f.yaml  the file is empty; expected keys and values."),
    ("null\n", "f.yaml  the file is empty; expected keys and values."),
    ("- a\n", "f.yaml:1  found a list; expected keys and values (key: value)."),
    ("hello", 'f.yaml:1  found "hello"; expected keys and values (key: value).'),
    (
        b"a: b\nc: M\xfcnchen",
        "f.yaml:2  byte 0xfc is not UTF-8 (Latin-1, perhaps); expected UTF-8. Save the file as UTF-8.",
    ),
    ("a: b".encode("utf-16"), "f.yaml:1  the file is UTF-16; expected UTF-8. Save the file as UTF-8."),
    ("a: b\nc: x\0y", "f.yaml:2  a NUL byte stands in the text, where nobody can see it. Delete it."),
    ("a: b\n\x1b[31m: c", "f.yaml:2  the character U+001B stands in the text, where nobody can see it. Delete it."),
    ("a: b\u2028c: d", "f.yaml:1  the character U+2028 stands in the text, where nobody can see it. Delete it."),
    ("a: x\x85y", "f.yaml:1  the character U+0085 stands in the text, where nobody can see it. Delete it."),
    ("a: b\n\ufeffc: d", "f.yaml:2  the character U+FEFF stands in the text, where nobody can see it. Delete it."),
    ("a: b\rc: d", "f.yaml:1  a line ends with a carriage return alone. Save the file with LF or CRLF line ends."),
    ('a: "x\\0y"', "f.yaml:1  an escape stands for a NUL byte, which is allowed nowhere. Delete it."),
    ('a: "x\\ey"', "f.yaml:1  an escape stands for the character U+001B, which is allowed nowhere. Delete it."),
    ("a: " + "[" * 100_000, f"f.yaml:1  nested more than {MAX_DEPTH} deep."),
    ("a: " + "{b: " * 2_000, f"f.yaml:1  nested more than {MAX_DEPTH} deep."),
    ("- " * 100_000, f"f.yaml:1  nested more than {MAX_DEPTH} deep."),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=range(len(REFUSED)))
def test_refused_with_its_line_and_what_to_do(text: str | bytes, problem: str) -> None:
    _, problems = read(text)
    assert problem in "\n".join(problems)


def test_an_alias_bomb_is_told_line_by_line_and_expands_to_nothing() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    node, problems = read(bomb)
    assert len(problems) == 10 + 9 * 9
    assert node is not None
    assert all(isinstance(item, Wrong) for item in node.entries["a9"].items)  # type: ignore[union-attr]


def test_the_first_of_two_equal_keys_is_kept_and_reading_goes_on() -> None:
    node, problems = read("a: 1\na: {x: [2]}\nb: &y 3\n")
    assert plain(node) == {"a": "1", "b": "3"}
    assert len(problems) == 2


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    node, problems = read(b"a" * (64 * 1024 * 1024 + 1))
    assert node is None
    assert problems == [
        "f.yaml  the file has 67108865 bytes; the most that is read is 67108864. Split it into several."
    ]
