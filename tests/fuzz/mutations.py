"""Inputs that grow from a corpus: pieces cut, doubled, swapped, put in, repeated until they are large."""

from pathlib import Path

from hypothesis import strategies as st

PIECES = [
    *(b"\0", b"\r", b"\r\n", b"\n", b"\t", b"\x1b[2J", b"\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff", b"\xfc"),
    *(b"[", b"]", b"{", b"}", b"- ", b": ", b"? ", b"&a ", b"*a", b"!t ", b"<<: ", b"|\n", b">-\n", b"#", b'"', b"'"),
    *(b"---\n", b"%TAG", b"null", b"~", b"no", b"22:30", b"0o17", b"1e999", b"-1", b"99999999999999999999"),
    *(b"any", b"at_least", b"requires", b"hosts", b"kind", b"systems", b"{unit}", b"{{", b"}}", b"{system}", b"secret"),
    *(b"*", b"?", b"[!a]", b"=", b",", b"owner=", b"label.", b"zone=", b"(a+)+$", b"env:PATH", b"on", b"carrier"),
]
"""What means something to some reader, or should not be there at all."""

LARGE = 200_000


@st.composite
def mutated(draw: st.DrawFn, corpus: list[bytes]) -> bytes:
    """One of the corpus after some edits. The place of an edit is a share of the length, so that examples shrink."""
    data = draw(st.sampled_from(corpus))
    for _ in range(draw(st.integers(0, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        piece = data[start:end]
        match draw(st.sampled_from(["put", "cut", "double", "swap", "splice", "many", "bytes"])):
            case "put":
                data = data[:start] + draw(st.sampled_from(PIECES)) + data[start:]
            case "cut":
                data = data[:start] + data[end:]
            case "double":
                data = data[:end] + piece + data[end:]
            case "swap":
                data = data[:start] + draw(st.sampled_from(PIECES)) + data[end:]
            case "splice":
                data = data[:start] + draw(st.sampled_from(corpus))[start:]
            case "many":
                short = piece[:40] or draw(st.sampled_from(PIECES))
                times = draw(st.sampled_from([2, 70, 3_000, LARGE // len(short)]))
                data = data[:start] + short * times + data[start:]
            case _:
                data = data[:start] + draw(st.binary(max_size=8)) + data[end:]
    return data


def corpus_of(folder: Path) -> list[bytes]:
    """All inputs kept in a folder, in the order of their names."""
    return [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
