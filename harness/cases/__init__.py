"""What a case is written in: marks, the case at work, and the answers it gets."""
