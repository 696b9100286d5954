"""The line before the hosts: none is overrun, nobody waits for somebody else's host, steps go before bulk."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.hosts.waiting import BULK_ROOM, HOST_ROOM, QUESTION_ROOM, Line, Rank

LIMITS = {Rank.QUESTION: 3, Rank.WORK: 12, Rank.BULK: 12}


@dataclass(frozen=True)
class Job:
    """One that waits."""

    n: int
    host: str
    rank: Rank = Rank.WORK


def line(limits: dict[Rank, int] = LIMITS) -> Line[Job]:
    return Line(limits, lambda job: job.host, lambda job: job.rank)


def taken(of: Line[Job]) -> list[Job]:
    """All that may go now."""
    found = []
    while (job := of.take()) is not None:
        found.append(job)
    assert not of.can_take()
    return found


def test_a_host_is_not_overrun_and_the_others_are_served() -> None:
    one = line(dict.fromkeys(Rank, 100))
    for n in range(50):
        one.put(Job(n, "firewall"))
    one.put(Job(50, "db"))
    going = taken(one)
    assert Counter(job.host for job in going) == {"firewall": HOST_ROOM, "db": 1}
    one.done(going[0])
    assert [job.n for job in taken(one)] == [8]


def test_hosts_take_turns() -> None:
    one = line(dict.fromkeys(Rank, 1))
    for n, host in enumerate(["a"] * 5 + ["b"] * 2 + ["c"]):
        one.put(Job(n, host))
    order = []
    while (job := one.take()) is not None:
        order.append(job.host)
        one.done(job)
    assert order == ["a", "b", "c", "a", "b", "a", "a", "a"]


def test_what_hangs_everywhere_can_still_be_asked_and_stopped() -> None:
    one = line()
    for n in range(40):
        one.put(Job(n, "host-0"))
    assert len(taken(one)) == HOST_ROOM
    for n in range(40):
        one.put(Job(n, "host-0", Rank.QUESTION))
    assert Counter(job.rank for job in taken(one)) == {Rank.QUESTION: QUESTION_ROOM}


def test_a_step_finds_its_way_through_the_evidence_of_others() -> None:
    one = line()
    for n in range(100):
        one.put(Job(n, f"host-{n % 10}", Rank.BULK))
    evidence = taken(one)
    assert len(evidence) == LIMITS[Rank.BULK]
    one.put(Job(100, "host-0"))
    assert taken(one) == [Job(100, "host-0")]
    crowded = line()
    for n in range(9):
        crowded.put(Job(n, "host", Rank.BULK))
    assert len(taken(crowded)) == BULK_ROOM
    for n in range(9):
        crowded.put(Job(n, "host"))
    assert len(taken(crowded)) == HOST_ROOM - BULK_ROOM


def test_one_put_first_goes_first_and_one_taken_out_does_not_go() -> None:
    one = line(dict.fromkeys(Rank, 1))
    for n in range(4):
        one.put(Job(n, "a"))
    one.put(Job(4, "a"), first=True)
    assert one.remove(lambda job: job.n in {0, 2}) == (Job(0, "a"), Job(2, "a"))
    order = []
    while (job := one.take()) is not None:
        order.append(job.n)
        one.done(job)
    assert order == [4, 1, 3]
    assert one.remove(lambda job: True) == ()


hosts = st.sampled_from("abc")
ranks = st.sampled_from(Rank)
moves = st.lists(
    st.tuples(st.just("put"), hosts, ranks) | st.tuples(st.sampled_from(["take", "done", "out"])), max_size=200
)


@given(moves)
def test_against_a_line_that_looks_at_everything(told: list[tuple[object, ...]]) -> None:
    one, waits, going = line(), list[Job](), list[Job]()
    for n, move in enumerate(told):
        match move:
            case ("put", str(host), Rank() as rank):
                one.put(Job(n, host, rank))
                waits.append(Job(n, host, rank))
            case ("take",):
                job = one.take()
                may_go = [other for other in waits if _may_go(other, going)]
                assert (job is None) == (not may_go)
                if job is not None:
                    assert job in may_go
                    assert job.rank == min(other.rank for other in may_go)
                    same = [other for other in waits if (other.host, other.rank) == (job.host, job.rank)]
                    assert job == same[0]
                    waits.remove(job)
                    going.append(job)
            case ("done",) if going:
                one.done(going.pop(n % len(going)))
            case ("out",) if waits:
                gone = waits.pop(n % len(waits))
                assert one.remove(lambda job, gone=gone: job == gone) == (gone,)  # type: ignore[misc]
        assert one.can_take() == any(_may_go(other, going) for other in waits)


def _may_go(job: Job, going: list[Job]) -> bool:
    here = [other for other in going if other.host == job.host]
    work = [other for other in here if other.rank is not Rank.QUESTION]
    if sum(other.rank is job.rank for other in going) >= LIMITS[job.rank]:
        return False
    if job.rank is Rank.QUESTION:
        return len(here) < HOST_ROOM + QUESTION_ROOM
    if job.rank is Rank.BULK and sum(other.rank is Rank.BULK for other in here) >= BULK_ROOM:
        return False
    return len(work) < HOST_ROOM
