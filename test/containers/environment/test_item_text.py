"""Module: item_text."""

import numpy as np
import pytest
from environment.data import Catalogue
from environment.errors import ConfigurationError
from environment.item_text import check_template, item_sentence, item_sentences
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("template", "fields", "expected"),
    [
        ("titled {title}[, {other}].", {"genre": "Drama", "year": "1972"}, "titled T, genre: Drama, year: 1972."),
        ("titled {title}[, {other}].", {}, "titled T."),
        ("titled {title}[, by {artist}][ ({other})].", {"artist": "Oasis", "album": "A"}, "titled T, by Oasis (album: A)."),
        ("titled {title}[, by {artist}].", {"artist": ""}, "titled T."),
        ("{title} by {artist}", {}, "T by "),
        ("{title}[ {a}{b}]", {"a": "x"}, "T"),
        ("{title}[, {other}]", {"note": "[x] {title}"}, "T, note: [x] {title}"),
    ],
)
def test_templates_are_filled(template: str, fields: dict[str, str], expected: str):
    assert item_sentence(template, "T", fields) == expected


@given(title=st.text(max_size=20), fields=st.dictionaries(st.text("abc", min_size=1), st.text(max_size=9), max_size=3))
def test_every_text_of_the_catalogue_is_taken_literally(title: str, fields: dict[str, str]):
    # Act
    sentence = item_sentence("{title}[|{other}]", title, fields)

    # Assess
    given_fields = [f"{name}: {text}" for name, text in fields.items() if text]
    assert sentence == title + ("|" + ", ".join(given_fields) if given_fields else "")


def test_sentences_follow_the_vocabulary():
    catalogue = Catalogue(["a", "b"], ["A", "B"], [{}, {"c": "d"}], np.array([1, 1]))
    assert item_sentences(catalogue, "{title}[ {c}]") == ["A", "B d"]


@pytest.mark.parametrize("template", ["no field", "{title", "{title}]", "[{title}", "[a [{title}]]", "{title} {}"])
def test_a_broken_template_is_refused(template: str):
    with pytest.raises(ConfigurationError, match="itemTokens.template"):
        check_template(template)
