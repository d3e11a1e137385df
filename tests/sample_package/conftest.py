"""The package is tested as its author would: built, installed elsewhere, from there (tests/test_sample_package.py)."""

collect_ignore_glob = ["*"]
