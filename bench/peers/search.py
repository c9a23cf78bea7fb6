"""Exact search of the largest products by FAISS (https://github.com/facebookresearch/faiss), a flat index on one core.

Reads JSON lines: first `{items, queries, dimension, count}`, the files being float32, then `{query}`, the place of a query; answers
`{version}`, then `{seconds, processorSeconds, items}` for each.
"""

from __future__ import annotations

import json
import sys
import time

import faiss
import numpy as np


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    dimension, count = asked["dimension"], asked["count"]
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(dimension)
    index.add(np.fromfile(asked["items"], dtype=np.float32).reshape(-1, dimension))
    queries = np.fromfile(asked["queries"], dtype=np.float32).reshape(-1, dimension)
    answer({"version": faiss.__version__})
    for line in sys.stdin:
        query = queries[json.loads(line)["query"]][None, :]
        begin, used = time.perf_counter(), time.thread_time()
        _, items = index.search(query, count)
        seconds, processor = time.perf_counter() - begin, time.thread_time() - used
        answer({"seconds": seconds, "processorSeconds": processor, "items": items[0].tolist()})


def answer(value: dict[str, object]) -> None:
    print(json.dumps(value), flush=True)


main()
