"""vtui: see and steer an embedded virtualization host from a terminal."""

__version__ = "0.1.0"
