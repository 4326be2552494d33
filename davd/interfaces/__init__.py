"""Every zope.interface of davd, nothing else."""
