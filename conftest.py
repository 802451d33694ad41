"""Makes ``pytest suites/`` a conformance run."""

pytest_plugins = ["harness.plugin"]
