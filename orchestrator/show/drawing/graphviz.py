"""Placing by graphviz, where its program `dot` is there: a question on its standard input, an answer in JSON.

- It is called by its absolute path, with an environment of two words, and told nothing but sizes and numbers: no text
  of any file reaches it.
- Time and the length of the answer are limited. What fails, takes too long, or can't be read raises `CannotPlace`, and
  our own stages place the picture: a drawing never fails for want of graphviz.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.show.drawing.dot_text import question
from orchestrator.show.drawing.picture import Picture
from orchestrator.show.drawing.placed import Curve, Placed, Point, Rect, straight

SECONDS = 20.0
MOST_BYTES = 64 * 1024**2
MOST_ARROWS = 1_500
"""Above it `dot` would think for minutes."""


class CannotPlace(Exception):
    """Why graphviz gave no placing; shown to the operator, so in plain words."""


def program() -> str | None:
    """The absolute path of `dot`, if there is one."""
    found = shutil.which("dot")
    return os.path.abspath(found) if found else None


def place(picture: Picture, dot: str, seconds: float = SECONDS) -> Placed:
    """Where graphviz puts everything. Raises CannotPlace."""
    if len(picture.arrows) > MOST_ARROWS:
        raise CannotPlace(f"{len(picture.arrows):,} arrows are more than graphviz places in useful time")
    text, nodes, boxes = question(picture)
    answer = _ask(dot, text.encode("utf-8"), seconds)
    try:
        return _read(json.loads(answer), picture, nodes, boxes)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise CannotPlace("graphviz answered something that can't be read") from error


def _ask(dot: str, text: bytes, seconds: float) -> bytes:
    late = threading.Event()
    try:
        with tempfile.TemporaryFile() as asked:
            asked.write(text)
            asked.seek(0)
            with subprocess.Popen(
                [dot, "-Tjson"],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                cwd="/",
                start_new_session=True,  # so that it ends with all that it may have started
            ) as process:

                def end() -> None:
                    late.set()
                    os.killpg(process.pid, signal.SIGKILL)

                timer = threading.Timer(seconds, end)
                timer.start()
                try:
                    answer = process.stdout.read(MOST_BYTES + 1) if process.stdout else b""
                finally:
                    timer.cancel()
                    timer.join()
                    process.kill()
    except OSError as error:
        raise CannotPlace(f"{dot} could not be started: {error.strerror or error}") from error
    if late.is_set():
        raise CannotPlace(f"graphviz took longer than {seconds:.0f} s")
    if len(answer) > MOST_BYTES:
        raise CannotPlace("graphviz answered more than can be read")
    if not answer:
        raise CannotPlace("graphviz gave no answer")
    return answer


def _read(answer: Mapping[str, Any], picture: Picture, nodes: Sequence[str], boxes: Sequence[str]) -> Placed:
    left, low, right, high = _numbers(answer["bb"])
    rects: dict[str, Rect] = {}
    zones: dict[str, Rect] = {}
    for each in answer["objects"]:
        name = each["name"]
        if name.startswith("cluster_"):
            x0, y0, x1, y1 = _numbers(each["bb"])
            zones[boxes[int(name.removeprefix("cluster_"))]] = Rect(x0 - left, high - y1, x1 - x0, y1 - y0)
        else:
            node = picture.nodes[nodes[int(name.removeprefix("n"))]]
            x, y = _numbers(each["pos"])
            rects[node.id] = Rect(x - left - node.width / 2, high - y - node.height / 2, node.width, node.height)
    curves: dict[int, Curve] = {}
    for each in answer.get("edges", ()):
        if "id" in each:
            curves[int(each["id"].removeprefix("a"))] = _curve(each["pos"], left, high)
    names: dict[str, Point] = {id: (rect.x + 8, rect.y + 16) for id, rect in zones.items()}
    if rects.keys() != picture.nodes.keys() or zones.keys() != picture.boxes.keys():
        raise ValueError("something is missing")
    ordered = [curves[at] for at in range(len(picture.arrows))]
    return Placed(right - left, high - low, rects, zones, names, ordered, "graphviz")


def _curve(text: str, left: float, high: float) -> Curve:
    """`e,x,y p0 p1 p2 p3 ...`: the tip, then cubic pieces that stop before it. With `s,x,y` the pieces come from the
    tip, as graphviz draws some arrows within a column."""
    tips: dict[str, Point] = {}
    points: list[Point] = []
    for word in text.split():
        end, place = word[:2], word[2:] if word[:2] in {"s,", "e,"} else word
        x, y = _numbers(place)
        if place is word:
            points.append((x - left, high - y))
        else:
            tips[end] = (x - left, high - y)
    if len(points) < 4 or len(points) % 3 != 1:
        raise ValueError("no curve")
    if "s," in tips:
        points.reverse()
    for tip in tips.values():
        points += straight(points[-1], tip)
    return Curve(tuple(points))


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split(",")]
