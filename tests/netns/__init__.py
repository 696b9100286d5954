"""orch in networks of its own: zones, gateways, cables and power, with real OpenSSH and real services."""
