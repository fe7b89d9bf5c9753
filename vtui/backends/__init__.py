"""One module per system that can be read; each translates its library's errors into ours."""
