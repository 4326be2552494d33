"""The packages of davd and its twistd plugin; everything else about the project stands in pyproject.toml.

twisted.plugins is named by hand: it is a folder without __init__.py, into which each distribution drops its files.
The package_dir makes an editable install put this folder on sys.path, where Twisted looks for plugin folders; an
import hook, which is setuptools' other way, would hide twisted/plugins from it.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["davd", "davd.*"]), "twisted.plugins"],
    package_dir={"": "."},
)
