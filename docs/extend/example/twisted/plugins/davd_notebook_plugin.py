"""What Twisted finds of the notebooks."""

from twisted.plugin import IPlugin
from zope.interface import implementer

from davd.interfaces.extension import IExtensionMaker


@implementer(IPlugin, IExtensionMaker)
class NotebookMaker:
    """Names the callable that makes the extension from its section `[extensions.notebook]`."""

    name = "notebook"
    description = "Collections of notes, with APPEND and a report that finds them."
    path = "davd_notebook.extension"


notebook = NotebookMaker()
