"""All settings in one document: each package's own class, composed."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from davd.admission.rate_settings import RateSettings
from davd.admission.settings import AsyncPoolConfig
from davd.application.settings import ApplicationSettings
from davd.authentication.settings import AuthenticationSettings
from davd.caches.settings import CacheSettings
from davd.caldav.settings import CalDavSettings
from davd.carddav.settings import CardDavSettings
from davd.dav.settings import DavSettings
from davd.net.settings import NetSettings
from davd.stores.settings import StoreSettings


class AdminSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where the admin plane listens: a Twisted endpoint string, empty for nowhere."""

    listen: str = ""


class Settings(Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole document.

    `data` is the folder that holds the store, the blobs and the certificate. `checkers` are asked in the order of
    `check_with`; each of its words is a section `[checkers.WORD]`. `extensions` holds a section for each extension that
    is to be loaded beside davd's own, `rules` one for each rule of priorities or rates.
    """

    data: str = "davd-data"
    net: NetSettings = field(default_factory=NetSettings)
    admin: AdminSettings = field(default_factory=AdminSettings)
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
