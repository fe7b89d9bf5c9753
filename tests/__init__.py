"""Tests, and the lab of real daemons they run on."""
