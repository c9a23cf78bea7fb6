"""Benchmarks of the environment: `python -m bench --help` in this folder's parent, or `npm run bench -- environment`."""
