"""The sentence that an item's token has to explain, made from its catalogue fields by a template."""

import re

from .data import ItemTexts
from .errors import ConfigurationError

FIELD = re.compile(r"\{([^{}]+)\}")
OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


def item_sentences(catalogue: ItemTexts, template: str) -> list[str]:
    """One sentence for each item, in order."""
    check_template(template)
    return [
        item_sentence(template, title, fields) for title, fields in zip(catalogue.titles, catalogue.fields)
    ]


def item_sentence(template: str, title: str, fields: dict[str, str]) -> str:
    """Fills a template.

    `{title}` and `{name}` stand for the title and for a field of the catalogue, `{other}` for all fields that the
    template does not name, as `name: text, name: text`. A part in `[...]` is left out when one of its fields is
    missing or empty; outside of brackets a missing field is the empty text.
    """
    named = set(FIELD.findall(template))
    other = ", ".join(f"{name}: {text}" for name, text in fields.items() if text and name not in named)
    values = {"other": other, **fields, "title": title}

    def fill(text: str) -> str:
        return FIELD.sub(lambda match: values.get(match.group(1), ""), text)

    def optional(match: re.Match[str]) -> str:
        present = all(values.get(name) for name in FIELD.findall(match.group(1)))
        return match.group(1) if present else ""

    return fill(OPTIONAL.sub(optional, template))


def check_template(template: str) -> None:
    """Raises ConfigurationError for unbalanced brackets or a template without any field."""
    rest = FIELD.sub("", OPTIONAL.sub(lambda match: match.group(1), template))
    if any(sign in rest for sign in "{}[]") or not FIELD.search(template):
        raise ConfigurationError(
            f"environment.itemTokens.template {template!r}: expected fields like {{title}}, optional parts like "
            "[, {other}], and no other brackets."
        )
