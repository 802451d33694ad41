"""Deliberately broken gateways: the proof that the cases can fail.

A mutant is one small function that breaks one thing on one of the wires of a real LiteLLM.
``python -m harness.mutants NAME --config FILE --host HOST --port PORT`` runs one; it fits
``pytest suites/ --proxy-command 'python -m harness.mutants NAME --config {config} --host {host}
--port {port}'``.
"""
