"""A picture as SVG and as DOT: whole, harmless whatever the files say, and the same bytes for the same picture."""

import re
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.graph.overview import Fold
from orchestrator.model.inventory import Customer
from orchestrator.model.source import Source
from orchestrator.model.terms import Reason
from orchestrator.model.workspace import Workspace
from orchestrator.show.drawing import graphviz, lanes
from orchestrator.show.drawing.compose import compose
from orchestrator.show.drawing.dot_text import dot_text, label, question, quoted
from orchestrator.show.drawing.legend import legend_of
from orchestrator.show.drawing.lettering import middle_cut
from orchestrator.show.drawing.looks import SAMPLES, STROKES
from orchestrator.show.drawing.picture import Look, Owner, Picture
from orchestrator.show.drawing.svg import MARK, svg_text
from tests.builders import workspace
from tests.unit.graph.test_overview import SITE, seen
from tests.unit.show.drawing.estates import estates, picture
from tests.unit.show.drawing.test_placing import DOT, needs_dot

NAMESPACE = "{http://www.w3.org/2000/svg}"
BAD = (
    "</title><script>alert(1)</script>",
    '"]; n [label="\\N" URL="http://x/"',
    "&lt; &amp; ]]> <!-- -->",
    "\x00\x0b\x1b[2J\ud800\ufffe\u202e",
    "a\\",
    "a\nb\tc\r",
    "Käßé 界 😀",
    "x" * 5_000,
)


def svg(shown: Picture) -> str:
    return svg_text(shown, lanes.place(shown))


def hostile(text: str) -> Workspace:
    """A workspace whose free texts are `text`: a customer's name, why a system is protected, where it is written."""
    ws = workspace("portal requires app\napp on h\nh in data\nportal owner bkk\napp protected why")
    inventory = ws.inventory
    source = Source(text, 1)
    systems = {id: replace(one, source=source) for id, one in inventory.systems.items()}
    systems["app"] = replace(systems["app"], protected=text)
    customers = {"bkk": Customer("bkk", text, "de", source)}
    return replace(ws, inventory=replace(inventory, name=text, systems=systems, customers=customers))


# --- SVG


@settings(max_examples=80, deadline=None)
@given(estates(), st.sampled_from(Fold))
def test_it_is_xml_with_every_node_and_arrow_once(ws: Workspace, fold: Fold) -> None:
    shown = picture(ws, fold)

    text = svg(shown)

    root = ET.fromstring(text)
    titles = [title.text for title in root.iter(f"{NAMESPACE}title")]
    assert sorted(t for t in titles if t) == sorted(
        [shown.title, *("\n".join(node.tip) for node in shown.nodes.values()), *(arrow.tip for arrow in shown.arrows)]
    )
    assert text == svg(picture(ws, fold)), "the same bytes"


@pytest.mark.parametrize("bad", BAD, ids=ascii)
def test_what_files_say_is_only_text(bad: str) -> None:
    shown = picture(hostile(bad), chosen=(bad,))
    shown = replace(shown, title=middle_cut(bad, 120))

    text = svg(shown)

    root = ET.fromstring(text.encode("ascii", "xmlcharrefreplace"))
    assert {element.tag.removeprefix(NAMESPACE) for element in root.iter()} <= {
        "svg", "g", "title", "rect", "text", "tspan", "path", "polygon", "circle"
    }  # fmt: skip
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name or name == "style"}
    assert not re.search(r"url\(|@import|<!DOCTYPE|<\?(?!xml )", text)
    assert len(text) < 20_000


def test_where_it_says_what_it_shows() -> None:
    ws = workspace(SITE)
    shown = compose(ws, seen(ws, Fold.EVERY), about=["Around app-1", "1 system asked for"], own_way=["vpn"])

    text = svg(shown)

    assert MARK in text[:256]
    for words in ("Around app-1", "1 system asked for", "10 systems in 3 zones; inventory estate, as of files "):
        assert words in text
    assert "Everything needs vpn besides" in text
    assert re.search(r"Not drawn: \d+ needs? that another, or one of the whole zone, brings along", text)
    assert not re.search(r"20\d\d-\d\d", text), "no time, so that equal files give equal pictures"


def test_a_pointer_shows_kind_hosts_and_needs() -> None:
    shown = picture(workspace("app requires db\napp on h1 h2\nh1 in z\napp owner bkk\nweb requires app"))

    assert shown.nodes["app"].tip == (
        "app: service, owner bkk (BKK), z",
        "hosts: h1, h2",
        "written in estate",
        "needs db (requires)",
        "needed by web (requires)",
    )


def test_it_fits_a_sheet_in_landscape() -> None:
    sizes = re.search(r'width="([\d.]+)mm" height="([\d.]+)mm"', svg(picture(workspace(SITE))))

    assert sizes is not None
    assert float(sizes[1]) <= 400
    assert float(sizes[2]) <= 277


def test_a_fold_shows_how_many_needs_an_arrow_stands_for() -> None:
    ws = workspace(SITE)

    text = svg(compose(ws, seen(ws, Fold.KIND), about=["x"]))

    assert ">2 x service<" in text
    assert re.search(r'<text [^>]*text-anchor="middle">4</text>', text)


# --- the legend


@pytest.mark.parametrize(
    ("estate", "said"),
    [
        ("a requires b", {"internal: blue, corners", "requires"}),
        ("a after b\na owner bkk", {"internal: blue, corners", "a customer's: yellow, round", "after (dots)"}),
        ("a external", {"internal: blue, corners", "not managed by orch: pointed"}),
        ("a protected x", {"internal: blue, corners", "protected: double line"}),
        (
            "a requires any(1) b c",
            {
                "internal: blue, corners",
                "requires",
                "ring and hollow head: one of several, any of which could do (or)",
            },
        ),
        ("a on h\nh runs-on b", {"internal: blue, corners", "runs-on (thick)"}),
    ],
)
def test_the_legend_has_what_occurs(estate: str, said: set[str]) -> None:
    shown = picture(workspace(estate))

    legend = legend_of(shown, 900.0)

    assert {words for words, _ in legend.words} - set(shown.notes) == said


def test_shapes_and_lines_are_told_apart_without_colour() -> None:
    lines = {(stroke.dashes, round(stroke.width > 2)) for stroke in STROKES.values()}
    assert len(lines) == len(STROKES) == len(Reason)
    samples = [sample.look for sample in SAMPLES]
    assert len(set(samples)) == len(samples)
    assert all(any(sample.explains(look) for sample in SAMPLES) for look in (Look(owner) for owner in Owner))


# --- DOT


def unquoted(text: str) -> str:
    """`text` without its quoted strings, as DOT reads them: a backslash takes a quote with it."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text, flags=re.DOTALL)


@pytest.mark.parametrize("bad", BAD, ids=ascii)
def test_dot_is_quoted(bad: str) -> None:
    plain = dot_text(picture(hostile("plain")))

    text = dot_text(replace(picture(hostile(bad)), title=bad))

    assert unquoted(text) == unquoted(plain), "nothing of it stands outside quotes"
    assert not re.search("[\x00-\x09\x0b-\x1f]", text)


@pytest.mark.parametrize(("name", "text"), [("a b", '"a b"'), ('a"b', '"a\\"b"'), ("a\\", '"a/"'), ('\\"', '"/\\""')])
def test_a_quoted_id_ends_where_it_should(name: str, text: str) -> None:
    assert quoted(name) == text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("a b", '"a b"'),
        ('a"b', '"a\\"b"'),
        ("a\\", '"a\\\\"'),
        ("\\N", '"\\\\N"'),
        ("&lt;", '"&amp;lt;"'),
        ("a\nb", '"a\\\\nb"'),
    ],
)
def test_a_label_means_what_it_says(line: str, text: str) -> None:
    assert label([line]) == text


@needs_dot
@pytest.mark.parametrize("words", ["a\\", "\\N \\l", "&lt;&amp;", 'say "no"', "<b>x</b>"])
def test_graphviz_shows_a_label_as_it_is(words: str) -> None:
    assert DOT is not None
    text = dot_text(replace(picture(workspace("a requires b")), title=words))

    drawn = subprocess.run([DOT, "-Tsvg"], input=text.encode(), capture_output=True, check=True).stdout

    assert words in {element.text for element in ET.fromstring(drawn).iter(f"{NAMESPACE}text")}


@needs_dot
@pytest.mark.parametrize("fold", Fold)
@pytest.mark.parametrize("bad", ["plain", *BAD], ids=ascii)
def test_graphviz_reads_our_dot(bad: str, fold: Fold) -> None:
    assert DOT is not None
    shown = replace(picture(hostile(bad), fold), title=bad)

    text = dot_text(shown).encode("ascii", "xmlcharrefreplace")
    ran = subprocess.run([DOT, "-Tdot"], input=text, capture_output=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert b"error" not in ran.stderr
    assert ran.stdout.count(b" -> ") >= len(shown.arrows)


@settings(max_examples=40, deadline=None)
@given(estates(), st.sampled_from(Fold))
def test_dot_has_every_node_and_arrow_once(ws: Workspace, fold: Fold) -> None:
    shown = picture(ws, fold)

    text = dot_text(shown)

    arrows = re.findall(r'^"([^"]+)" -> "([^"]+)" \[(?!style=invis)', text, re.MULTILINE)
    assert sorted(arrows) == sorted((arrow.of, arrow.needed) for arrow in shown.arrows)
    nodes = re.findall(r'^ *"([^"]+)" \[label', text, re.MULTILINE)
    assert sorted(nodes) == sorted(shown.nodes)
    assert text == dot_text(picture(ws, fold))


# --- asking graphviz


def test_graphviz_is_told_nothing_but_sizes() -> None:
    asked, nodes, boxes = question(picture(workspace(SITE)))

    assert not [name for name in (*nodes, *boxes, "bkk", "service") if name in asked]


def program(folder: Path, script: str) -> str:
    """A program in the place of `dot`."""
    file = folder / "dot"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o700)
    return str(file)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 1", "gave no answer"),
        ("echo no", "can't be read"),
        ("echo '{}'", "can't be read"),
        ("""echo '{"bb": "0,0,9,9", "objects": [], "edges": []}'""", "can't be read"),
        ("""echo '{"bb": "0,0,9,9", "objects": [{"name": "n77", "pos": "1,1"}]}'""", "can't be read"),
        ("""printf '[%.0s' $(seq 100000)""", "can't be read"),
        ("exec sleep 60", "took longer than 1 s"),
        ("sleep 60 & wait", "took longer than 1 s"),
    ],
)
def test_what_graphviz_can_do_wrong(script: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(graphviz.CannotPlace, match=said):
        graphviz.place(picture(workspace(SITE)), program(tmp_path, script), seconds=1.0)


def test_graphviz_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(graphviz.CannotPlace, match="could not be started"):
        graphviz.place(picture(workspace(SITE)), str(tmp_path / "dot"))


def test_graphviz_answers_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz, "MOST_BYTES", 10_000)

    with pytest.raises(graphviz.CannotPlace, match="more than can be read"):
        graphviz.place(picture(workspace(SITE)), program(tmp_path, "exec cat /dev/zero"), seconds=20.0)


def test_graphviz_gets_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORE_DB_PW", "not for others")
    seen_there = tmp_path / "seen"

    with pytest.raises(graphviz.CannotPlace):
        graphviz.place(picture(workspace(SITE)), program(tmp_path, f"env > {seen_there}; pwd >> {seen_there}"))

    assert "not for others" not in seen_there.read_text()
    assert seen_there.read_text().endswith("\n/\n")


def test_too_many_arrows_are_not_even_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz, "MOST_ARROWS", 2)

    with pytest.raises(graphviz.CannotPlace, match="more than graphviz places"):
        graphviz.place(picture(workspace(SITE)), "/nowhere/dot")
