"""The LLM environment (LE): fits a causal language model to interaction sequences and serves states and rewards."""

import os

# OpenMP's threads wait for each other by spinning, which starves them wherever another process wants a core: an
# eighth of the speed was measured on two shared cores. It must be set before torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
