"""`orch graph --svg` and `--dot`: which systems a picture shows, how much it folds together, who places it.

What may not be written is refused before anything is drawn. Where graphviz can't place a picture, our own stages do,
and a message says so.
"""

from dataclasses import dataclass
from pathlib import Path

from orchestrator.cli.graph_answer import Question
from orchestrator.cli.picture_file import STDOUT, put, require_free
from orchestrator.graph.overview import Fold, fold_for, overview
from orchestrator.model.errors import UsageError
from orchestrator.show import console
from orchestrator.show.drawing import dot_text, graphviz, lanes, svg
from orchestrator.show.drawing.compose import compose
from orchestrator.show.drawing.judge import can_be_judged, faults
from orchestrator.show.drawing.picture import Picture
from orchestrator.show.drawing.placed import Placed
from orchestrator.show.layout import count, para, some

EVERY_AT_MOST = 2_000
"""Systems that `--svg --every` draws: nobody finds anything in more, and no browser likes it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    svg: str | None
    dot: str | None
    group: bool
    every: bool
    layout: str

    @property
    def is_picture(self) -> bool:
        """Whether anything is to be drawn."""
        return self.svg is not None or self.dot is not None


def draw(root: Path, question: Question, wanted: Wanted) -> None:
    """Draw what was asked for, and say where it is."""
    if wanted.svg == wanted.dot:
        raise UsageError("--svg and --dot name the same file.", "Name two.")
    for name, option, mark in ((wanted.svg, "--svg", svg.MARK), (wanted.dot, "--dot", dot_text.MARK)):
        if name is not None:
            require_free(root, name, option, mark)
    picture = _picture(question, wanted)
    size, said = _size(picture), list[str]()
    if wanted.dot is not None:
        put(wanted.dot, dot_text.dot_text(picture))
        said.append(f"{_place(wanted.dot)}: {size}.")
    if wanted.svg is not None:
        placed = _placed(picture, wanted.layout)
        put(wanted.svg, svg.svg_text(picture, placed))
        said.append(f"{_place(wanted.svg)}: {size}, placed by {placed.by}.")
    to_stdout = STDOUT in {wanted.svg, wanted.dot}
    width = console.err_width() if to_stdout else console.width()
    (console.message if to_stdout else console.answer)(each for one in said for each in para("", one, width))


def _picture(question: Question, wanted: Wanted) -> Picture:
    inventory = question.ws.inventory
    shown = question.around(question.drawn).systems() if question.asked else list(question.chosen)
    fold = Fold.EVERY if wanted.every else Fold.KIND if wanted.group else fold_for(inventory, shown)
    if wanted.every and wanted.svg is not None and len(shown) > EVERY_AT_MOST:
        raise UsageError(
            f"{count(len(shown), 'system')} are too many for a picture of every one: at most {EVERY_AT_MOST:,}.",
            "Without --every they are drawn together; a selection with --depth N draws a part; --dot takes them all.",
        )
    about = [f"What needs what: {inventory.name}"]
    if question.asked:
        about = [f"Around {some(list(question.asked), 80)}", _reach(question)]
    chosen = question.chosen if question.asked else ()
    return compose(
        question.ws,
        overview(inventory, question.needs, shown, fold),
        about=about,
        chosen=chosen,
        own_way=question.own_way_ids,
    )


def _reach(question: Question) -> str:
    asked = count(len(question.chosen), "system")
    if question.depth is None:
        they_need, them = ("it needs", "it") if len(question.chosen) == 1 else ("they need", "them")
        return f"{asked} asked for, all that {they_need}, and who needs {them} directly"
    return f"{asked} asked for, and what lies up to {count(question.depth, 'need')} away, both ways"


def _placed(picture: Picture, layout: str) -> Placed:
    """By graphviz where it is there and its picture is the clearer one; else by our own stages."""
    dot = graphviz.program() if layout == "graphviz" or (layout == "auto" and can_be_judged(picture)) else None
    if dot is None:
        if layout == "graphviz":
            _say("graphviz is not there (no program dot), so orch's own stages place the picture.")
        return lanes.place(picture)
    try:
        theirs = graphviz.place(picture, dot)
    except graphviz.CannotPlace as error:
        _say(f"{error}; orch's own stages place the picture.")
        return lanes.place(picture)
    if layout == "graphviz":
        return theirs
    ours = lanes.place(picture)
    return min((theirs, ours), key=lambda placed: faults(picture, placed))


def _place(name: str) -> str:
    return "stdout" if name == STDOUT else name


def _size(picture: Picture) -> str:
    return f"{picture.shows}, {count(len(picture.arrows), 'arrow')}"


def _say(text: str) -> None:
    console.message(para("! ", text, console.err_width()))
