"""An extension of davd, as a package of its own."""

from setuptools import setup

setup(
    name="davd-digest",
    version="1.0",
    py_modules=["davd_backups", "davd_digest", "davd_shared", "davd_spool", "davd_yesterday"],
    packages=["twisted.plugins"],
    install_requires=["davd"],
)
