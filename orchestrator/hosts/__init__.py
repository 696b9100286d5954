"""How is a host touched? The port, and behind it fabric, receipts, quoting for each platform, pinned keys, gateways."""
