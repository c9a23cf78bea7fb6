"""The LLM environment (LE): fits a causal language model to interaction sequences and serves states and rewards."""
