import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nativeEnvironment } from '#lib/graph/native-environment.ts';
import { python } from '../../setup/paths.mjs';
import type { Setup } from './subject.ts';

/** The PyTorch peer: a process that waits while it is not asked. */
export interface Peer {
  readonly version: string;
  /** @returns seconds of each */
  run(work: 'steps' | 'rankings', count: number): Promise<number[]>;
  close(): Promise<void>;
}

export async function startPeer(setup: Setup): Promise<Peer> {
  const script = fileURLToPath(new URL('../peers/trainer.py', import.meta.url));
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...nativeEnvironment() },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: object) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('The PyTorch peer ended; see its message above.');
    return JSON.parse(value) as { version: string; seconds: number[] };
  };
  const { version } = await ask({ setup });
  return {
    version,
    run: async (work, count) => (await ask({ [work]: count })).seconds,
    close: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await closed;
    },
  };
}
