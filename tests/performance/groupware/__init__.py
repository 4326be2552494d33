"""Calendars and contacts measured: davd beside Radicale and Xandikos on one set of data."""
