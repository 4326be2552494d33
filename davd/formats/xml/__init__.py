"""XML in and out: a hardened reader and a fast writer."""
