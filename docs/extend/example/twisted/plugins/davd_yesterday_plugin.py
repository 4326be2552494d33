"""What Twisted finds of the forecast."""

from twisted.plugin import IPlugin
from zope.interface import implementer

from davd.interfaces.forecast import IForecastMaker


@implementer(IPlugin, IForecastMaker)
class YesterdayMaker:
    """Names the callable that makes the forecast from its section `[scaling.forecasts.yesterday]`."""

    name = "yesterday"
    description = "Expects what was a day ago."
    path = "davd_yesterday.forecast"


yesterday = YesterdayMaker()
