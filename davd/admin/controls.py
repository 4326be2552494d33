"""Forms of the dashboard and what is in them.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from davd.admin.markup import Child, Markup, tag


def form(
    action: str, csrf: str, inner: Child, of: str | None = None, class_: str | None = None, id: str | None = None
) -> Markup:
    """A form that a script sends and a browser without scripts as well; the answer says which pieces it replaces."""
    return tag(
        "form",
        hidden("csrf", csrf),
        hidden("of", of) if of is not None else None,
        inner,
        action=f"/do/{action}",
        method="post",
        hx_post=f"/do/{action}",
        hx_swap="none",
        hx_disabled_elt="find button",
        # What is inside and asks for something itself has no button in it.
        hx_disinherit="hx-disabled-elt",
        class_=class_,
        id=id,
    )


def hidden(name: str, value: str | int) -> Markup:
    """A field that nobody sees."""
    return tag("input", type="hidden", name=name, value=value)


def button(words: str, class_: str = "", **more: str) -> Markup:
    """The button that sends a form; `more` are its other attributes."""
    return tag("button", words, type="submit", class_=class_ or None, **more)


def tick(name: str, words: Child, value: str | int = "yes", required: bool = False) -> Markup:
    """A box to tick, with its words."""
    box = tag("input", type="checkbox", name=name, value=value, required=required)
    return tag("label", box, " ", words)


def sure() -> Markup:
    """The box that has to be ticked before something is done that cannot be undone."""
    return tag("p", tick("sure", "I am sure", required=True))
