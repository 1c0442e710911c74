"""Packed bytes come back as they were, and what was stored before bodies were packed is read as it is."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from kit.packing import pack, unpack


@given(st.binary(max_size=5_000))
def test_what_is_packed_comes_back_byte_by_byte(plain: bytes) -> None:
    assert unpack(pack(plain)) == plain


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_a_body_that_was_stored_plain_is_read_as_it_is(content: object) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    assert unpack(body) == body


def test_a_body_takes_a_fraction_of_its_room() -> None:
    lines = [{"id": number, "price": "12.50", "title": "A mug"} for number in range(100)]
    body = json.dumps(lines).encode()
    assert len(pack(body)) * 4 < len(body)
