"""Who says how much there will be to do."""

from __future__ import annotations

from collections.abc import Sequence

from zope.interface import Attribute, Interface


class IForecast(Interface):
    """A way to tell the load of the next minutes from that of the last weeks.

    A history is a sequence of loads at steps of equal length, oldest first, None where nothing is known. Its last step
    has just ended. `season` is after how many steps it begins anew: a week. A load is never negative; its unit is of no
    concern. Both methods are called in a thread, never two at once, and are given histories that grow at the end and
    are cut at the beginning.
    """

    name = Attribute("The word in `[scaling] forecast` and in the metrics: lower case.")

    def fit(history: Sequence[float | None], season: int) -> None:
        """Choose what is to be chosen by a history: called first of all, then once a day; it may take seconds."""

    def forecast(history: Sequence[float | None], season: int, steps: int) -> Sequence[float] | None:
        """The loads of the `steps` steps that follow the history; None when it is too short to tell.

        It is called for every step, and for some fifty past ones after a start, so it takes tens of milliseconds at
        most. It only knows what it is given: the same history gives the same forecast, until `fit` is called.
        """


class IForecastMaker(Interface):
    """A Twisted plugin that brings a way; it is in use when `[scaling] forecast` names it."""

    name = Attribute("The word in `[scaling] forecast`, and the section `[scaling.forecasts.NAME]`.")
    description = Attribute("One line for `davctl`.")
    path = Attribute("Dotted path of a callable `(settings: dict) -> IForecast`; ValueError for wrong settings.")
