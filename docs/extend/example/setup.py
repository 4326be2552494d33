"""The examples of docs/extend, as one package: take out of it what you need."""

from setuptools import setup

setup(
    name="davd-examples",
    version="1.0",
    py_modules=[
        "davd_backups",
        "davd_copies",
        "davd_digest",
        "davd_folder",
        "davd_journal",
        "davd_notebook",
        "davd_own",
        "davd_shared",
        "davd_spool",
        "davd_yesterday",
    ],
    packages=["twisted.plugins"],
    install_requires=["davd"],
)
