import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { python, root } from '../../setup/paths.mjs';

/** FAISS in a process of its own, on one core. */
export interface Faiss {
  readonly version: string;
  /** @param query place among the queries */
  search(query: number): Promise<{
    /** On the clock, and of the processor. */
    readonly seconds: number;
    readonly processorSeconds: number;
    /** Rows, from 0, best first. */
    readonly items: number[];
  }>;
  close(): Promise<void>;
}

/** @param asked files of float32, how long each row is, and how many items a search finds */
export async function startFaiss(asked: {
  readonly items: string;
  readonly queries: string;
  readonly dimension: number;
  readonly count: number;
}): Promise<Faiss> {
  const script = join(root, 'bench/peers/search.py');
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONPATH: installed(), OMP_NUM_THREADS: '1' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: object) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('FAISS ended; see its message above.');
    return JSON.parse(value);
  };
  const { version } = await ask(asked);
  return {
    version,
    search: (query) => ask({ query }),
    close: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await closed;
    },
  };
}

/** What only benchmarks need is not among the product's packages. */
function installed(): string {
  const folder = join(root, '.cache/bench-peers');
  if (!existsSync(join(folder, 'faiss'))) {
    const requirements = join(root, 'bench/peers/requirements.txt');
    const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder];
    execFileSync(python, [...args, '--requirement', requirements], { stdio: 'inherit' });
  }
  return folder;
}
