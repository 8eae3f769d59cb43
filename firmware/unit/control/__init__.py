"""Control logic: pure, integers only, time is an argument, nothing outside this package is imported."""
