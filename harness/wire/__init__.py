"""What was on the wires: exchanges, server-sent events, canonical form, redaction.

Imports nothing of the harness but ``verdicts``.
"""
