"""Conformance harness for LiteLLM proxies and the clients that talk to them."""

__version__ = "0.1.0"
