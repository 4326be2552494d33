"""davd killed, starved and lied to."""
