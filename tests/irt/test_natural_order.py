"""Identity: many names are sorted as numbers, and come in the order of the key all the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import irt.natural
from irt.natural import natural_key, natural_order

DIGITS = st.integers(0, 200)
#: Ids of one pattern, of numbers of any length, with leading zeros, in mixed case; and what is none of these.
NAMES = st.one_of(
    st.lists(DIGITS.map("s{:04d}".format)),
    st.lists(DIGITS.map("A-{:03d}/b".format)),
    st.lists(DIGITS.map("{}".format)),
    st.lists(st.builds("{}{}".format, st.sampled_from("Ss"), DIGITS)),
    st.lists(st.builds("{}{}".format, st.sampled_from(["Class ", "class "]), DIGITS)),
    st.lists(st.sampled_from(["1", "01", "001", "10", "2", "02"])),
    st.lists(st.integers(0, 10**25).map("x{}".format)),
    st.lists(st.text(st.sampled_from("aB19 -_\0é遥²٣"), max_size=6)),
)


@given(NAMES)
def test_the_order_of_many_names_is_that_of_the_key(names: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(irt.natural, "_FEW", 0)
        array = np.array(names, dtype=object)
        assert array[natural_order(array)].tolist() == sorted(names, key=natural_key)


def test_ids_of_one_pattern_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(irt.natural, "natural_key")
    numbers = np.random.default_rng(1).permutation(5000)
    for pattern in ("s{:07d}", "{}", "Student {}", "abcdefgh-{:010d}"):
        names = np.array([pattern.format(k) for k in numbers], dtype=object)
        assert numbers[natural_order(names)].tolist() == list(range(5000))
