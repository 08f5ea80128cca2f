"""Helpers of the tests that are no fixtures: `pythonpath` of pytest leads here."""
