"""Figures: a report in, a plain dict in plotly's schema out. No Dash, no service, no arithmetic beyond layout.

Plain dicts are some fifty times faster to build and send than graph objects. Colours are ``var(--token)`` of the style
sheet, which the browser fills in for light and dark. Nothing has a legend: what a mark means stands beside it.
"""

from dashboard.figures.chances import reliability_diagram
from dashboard.figures.distribution import abilities_and_items, scores_and_items
from dashboard.figures.drift import difficulties
from dashboard.figures.eigenvalues import eigenvalue_plot
from dashboard.figures.icc import item_curves
from dashboard.figures.options import option_shares
from dashboard.figures.precision import precision_curve

__all__ = [
    "abilities_and_items",
    "difficulties",
    "eigenvalue_plot",
    "item_curves",
    "option_shares",
    "precision_curve",
    "reliability_diagram",
    "scores_and_items",
]
