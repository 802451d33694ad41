"""What is tested unless the user says otherwise."""

LITELLM = "1.106.2"
IMAGE = f"ghcr.io/berriai/litellm:v{LITELLM}"
