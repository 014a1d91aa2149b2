from hypothesis import given
from hypothesis import strategies as st

from workers.streaming.due_times import NEVER, DueTimes

MOMENTS = st.sampled_from([0.0, 1.0, 2.0, 3.0, NEVER])


@given(st.lists(st.tuples(st.sampled_from("abc"), MOMENTS)), st.sampled_from([0.0, 1.5, 3.0]))
def test_it_is_what_a_plain_table_of_the_latest_moments_would_be(
    wishes: list[tuple[str, float]], now_s: float
) -> None:
    due, table = DueTimes(), dict[str, float]()
    for name, moment in wishes:
        due.set(name, moment)
        table[name] = moment
        assert due.get(name) == moment
        assert due.next_s() == min(table.values())
    taken = list(due.take(now_s))
    assert sorted(taken) == sorted(name for name, moment in table.items() if moment <= now_s)
    assert [table[name] for name in taken] == sorted(table[name] for name in taken)
    assert all(due.get(name) == NEVER for name in taken)
    assert due.next_s() > now_s
