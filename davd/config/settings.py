"""All settings in one document: each package's own class, composed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from davd.admission.rate_settings import RateSettings
from davd.admission.settings import AsyncPoolConfig
from davd.application.settings import ApplicationSettings
from davd.authentication.settings import AuthenticationSettings
from davd.caches.settings import CacheSettings
from davd.caldav.settings import CalDavSettings
from davd.carddav.settings import CardDavSettings
from davd.dav.settings import DavSettings
from davd.net.settings import NetSettings
from davd.observe.alert_settings import AlertSettings
from davd.observe.scaling_settings import ScalingSettings
from davd.observe.settings import ObserveSettings
from davd.stores.settings import StoreSettings


class AdminSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """The admin plane: health, metrics, and what is to be managed.

    `listen` is a Twisted endpoint string, empty for nowhere; without an interface it is the loopback one. Its token is
    in the data folder (`davctl admin-token`). `hostnames` are the names by which browsers reach it, beside `localhost`
    and IP addresses.
    """

    listen: str = ""
    hostnames: list[str] = []


class DaemonSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """The processes that serve.

    `workers` is how many there are: with 1 it is the one that was started, with more that one only looks after the
    others; 0 means one for each processor but one. With `autoscale` their number follows the load as `[scaling]` says,
    from `min_workers` to `max_workers` (0: one for each processor but one). `drain_seconds` is how long requests under
    way may take when the end is asked for, and idle connections when their worker is replaced. As root davd starts
    only with `allow_root`.
    """

    workers: Annotated[int, Meta(ge=0, le=64)] = 1
    autoscale: bool = False
    min_workers: Annotated[int, Meta(ge=1, le=64)] = 1
    max_workers: Annotated[int, Meta(ge=0, le=64)] = 0
    drain_seconds: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    allow_root: bool = False


class Settings(Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole document.

    `data` is the folder that holds the store, the blobs and the certificate. `checkers` are asked in the order of
    `check_with`; each of its words is a section `[checkers.WORD]`. `extensions` holds a section for each extension that
    is to be loaded beside davd's own, `rules` one for each rule of priorities or rates.
    """

    data: str = "davd-data"
    net: NetSettings = field(default_factory=NetSettings)
    admin: AdminSettings = field(default_factory=AdminSettings)
    observe: ObserveSettings = field(default_factory=ObserveSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    scaling: ScalingSettings = field(default_factory=ScalingSettings)
    authentication: AuthenticationSettings = field(default_factory=AuthenticationSettings)
    pool: AsyncPoolConfig = field(default_factory=AsyncPoolConfig)
    rates: RateSettings = field(default_factory=RateSettings)
    application: ApplicationSettings = field(default_factory=ApplicationSettings)
    dav: DavSettings = field(default_factory=DavSettings)
    caldav: CalDavSettings = field(default_factory=CalDavSettings)
    carddav: CardDavSettings = field(default_factory=CardDavSettings)
    caches: CacheSettings = field(default_factory=CacheSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    check_with: list[str] = field(default_factory=lambda: ["accounts"])
    checkers: dict[str, dict[str, Any]] = field(default_factory=dict)
    extensions: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
