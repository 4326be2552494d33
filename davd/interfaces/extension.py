"""What a Twisted plugin can bring."""

from __future__ import annotations

from zope.interface import Attribute, Interface


class IExtensionMaker(Interface):
    """A Twisted plugin that brings rows: methods, reports, live properties, collection types.

    A plugin file in `twisted/plugins/` holds an instance and nothing else; `path` is imported when davd starts.
    """

    name = Attribute("The configuration section of the extension: a lower-case word.")
    description = Attribute("One line for `davctl`.")
    path = Attribute("Dotted path of a callable `(settings: dict) -> davd.dav.registry.Extension`.")
