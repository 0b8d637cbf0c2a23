"""Formulas for the screen, read from the docstring of the function that computes them.

A formula that is written twice drifts; this one is written once, in the ``.. math::`` block beside the code. Only the
part of LaTeX that those blocks use is understood, and an unknown command is shown by its name rather than dropped.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash import html

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|\s+|[^\\{}^_\s]")
_MATH_INLINE = re.compile(r":math:`([^`]{8,})`")
_MATH_BLOCK = re.compile(r"^\.\. math::[ \t]*(.*(?:\n(?:[ \t]+\S.*|[ \t]*))*)", re.MULTILINE)

#: LaTeX commands that stand for one sign.
SIGNS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "Delta": "Δ", "epsilon": "ε", "theta": "θ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "Sigma": "Σ", "tau": "τ", "phi": "φ",
    "Phi": "Φ", "in": "∈", "chi": "χ", "psi": "ψ", "omega": "ω", "sum": "∑", "prod": "∏", "int": "∫", "infty": "∞",
    "cdot": "·", "times": "×", "pm": "\u2009±\u2009", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠",
    "neq": "≠", "approx": "≈", "sim": "∼", "mid": "|", "to": "→", "propto": "∝", "ldots": "…", "dots": "…",
    "cdots": "⋯", "partial": "∂", "nabla": "∇", "top": "⊤", "prime": "′", "ell": "ℓ", "quad": "\u2003",
    "qquad": "\u2003\u2003", "lvert": "|", "rvert": "|", "lbrace": "{", "rbrace": "}",
}  # fmt: skip
_SPACES = {",": "\u2009", ";": "\u2005", ":": "\u2005", " ": " ", "!": ""}
_ACCENTS = {"bar": "\u0305", "overline": "\u0305", "hat": "\u0302", "tilde": "\u0303"}
_TEXT = {"text", "mathrm", "operatorname", "mathit", "mathbf", "textrm"}
_SILENT = {"left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "limits", "nonumber"}


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a formula: ``kind`` is text, frac, sqrt, over, sup or sub; ``parts`` its contents."""

    kind: str
    text: str = ""
    parts: tuple[tuple[Node, ...], ...] = ()


def formulas_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The LaTeX of a function's docstring: its ``.. math::`` blocks or, without one, what it says in the line."""
    text = inspect.getdoc(function) or ""
    found = _MATH_BLOCK.findall(text) or _MATH_INLINE.findall(text)
    return tuple(" ".join(latex.split()) for latex in found)


def summary_of(function: Callable[..., Any]) -> str:
    """The first paragraph of a function's docstring, without reST marks and array shapes."""
    first = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
    first = re.sub(r",? shape ``\([^)]*\)``|,? shape \([^)]*\)", "", first)
    first = re.sub(r":math:`([^`]*)`", lambda m: as_text(parse(m[1])), first)
    return re.sub(r":\w+:`~?([^`]*)`|`{1,2}([^`]*)`{1,2}", lambda m: m[1] or m[2], first)


def parse(latex: str) -> tuple[Node, ...]:
    """LaTeX as a tree."""
    tokens = [token for token in _TOKEN.findall(latex) if not token.isspace()]
    nodes, _ = _sequence(tokens, 0, closing=False)
    return nodes


def _sequence(tokens: list[str], at: int, *, closing: bool) -> tuple[tuple[Node, ...], int]:
    """Nodes up to the closing brace (or the end), and the position behind it."""
    nodes: list[Node] = []
    while at < len(tokens) and not (closing and tokens[at] == "}"):
        node, at = _one(tokens, at)
        leading = not nodes and node.text.strip() == "−"
        nodes.append(Node("text", "−") if leading else node)
    return tuple(nodes), at + closing


def _group(tokens: list[str], at: int) -> tuple[tuple[Node, ...], int]:
    """The braced group, or the single piece, that starts here."""
    if at >= len(tokens):
        return (), at
    if tokens[at] == "{":
        return _sequence(tokens, at + 1, closing=True)
    node, at = _one(tokens, at)
    return (node,), at


def _one(tokens: list[str], at: int) -> tuple[Node, int]:
    """One piece and the position behind it."""
    piece, at = tokens[at], at + 1
    if piece == "{":
        parts, at = _sequence(tokens, at, closing=True)
        return Node("text", parts=(parts,)), at
    if piece in "^_":
        parts, at = _group(tokens, at)
        return Node("sup" if piece == "^" else "sub", parts=(parts,)), at
    return _command(piece[1:], tokens, at) if piece[0] == "\\" else (Node("text", _sign(piece)), at)


def _command(name: str, tokens: list[str], at: int) -> tuple[Node, int]:
    """What a backslash command stands for."""
    if name in ("frac", "tfrac", "dfrac"):
        above, at = _group(tokens, at)
        below, at = _group(tokens, at)
        return Node("frac", parts=(above, below)), at
    if name == "sqrt":
        inside, at = _group(tokens, at)
        return Node("sqrt", parts=(inside,)), at
    if name in _ACCENTS or name in _TEXT:
        inside, at = _group(tokens, at)
        return _worded(name, inside, tokens[at : at + 1]), at
    if name in _SILENT:
        return Node("text"), at
    return Node("text", SIGNS.get(name, _SPACES.get(name, name))), at


def _worded(name: str, inside: tuple[Node, ...], after: list[str]) -> Node:
    """Letters with an accent or a bar, or a word; the name of a function keeps a space before a letter."""
    text = as_text(inside)
    if name in _TEXT:
        return Node("text", text + ("\u2009" if after and after[0].isalpha() else ""))
    return Node("text", text + _ACCENTS[name]) if len(text) == 1 else Node("over", parts=(inside,))


def _sign(token: str) -> str:
    """Typographic minus and spaced relations."""
    return {"-": "\u2009−\u2009", "+": "\u2009+\u2009", "=": " = ", "<": " < ", ">": " > "}.get(token, token)


def as_text(nodes: tuple[Node, ...]) -> str:
    """The formula as one line of text, for ears and for plain exports."""
    return "".join(_text(node) for node in nodes)


def _text(node: Node) -> str:
    """One piece as text; fractions get brackets, so that the line stays unambiguous."""
    inside = [as_text(part) for part in node.parts]
    match node.kind:
        case "frac":
            return f"({inside[0]}) / ({inside[1]})"
        case "sqrt":
            return f"√({inside[0]})"
        case "over":
            return f"mean({inside[0]})"
        case "sup":
            return f"^{inside[0]}" if len(inside[0]) == 1 else f"^({inside[0]})"
        case "sub":
            return f"_{inside[0]}" if len(inside[0]) == 1 else f"_({inside[0]})"
    return node.text + "".join(inside)


def render(latex: str) -> html.Div:
    """A formula as one block, with its line of text for screen readers."""
    nodes = parse(latex)
    return html.Div(
        [
            html.Span(_elements(nodes), className="formula-drawn", **{"aria-hidden": "true"}),
            html.Span(as_text(nodes), className="visually-hidden"),
        ],
        className="formula",
    )


def _elements(nodes: tuple[Node, ...]) -> list[Any]:
    """Pieces as HTML; runs of text are joined."""
    found: list[Any] = []
    for element in map(_element, nodes):
        if isinstance(element, str) and found and isinstance(found[-1], str):
            found[-1] += element
        else:
            found.append(element)
    return found


def _element(node: Node) -> Any:
    """One piece as HTML."""
    inside = [_elements(part) for part in node.parts]
    match node.kind:
        case "frac":
            halves = [html.Span(inside[0], className="frac-above"), html.Span(inside[1], className="frac-below")]
            return html.Span(halves, className="frac")
        case "sqrt":
            return html.Span(["√", html.Span(inside[0], className="sqrt-inside")], className="sqrt")
        case "over":
            return html.Span(inside[0], className="over")
        case "sup":
            return html.Sup(inside[0])
        case "sub":
            return html.Sub(inside[0])
    return html.Span(inside[0]) if node.parts else node.text
