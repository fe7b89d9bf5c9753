"""Speed and memory, measured and compared, never asserted."""
