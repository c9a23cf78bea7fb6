import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

const sigterm = new URL('../../../containers/trainer/sigterm.ts', import.meta.url).href;

/** A process of its own: nobody can take SIGTERM of the tests' process on trial. */
async function run(script: string) {
  const source = `import { isStopping, savedOnSigterm } from '${sigterm}';\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source]);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout };
}

describe('Function: savedOnSigterm', () => {
  it('makes SIGTERM a request, heard also when it comes during the last step of the work', async () => {
    const { code, stdout } = await run(`
      await savedOnSigterm(async () => process.kill(process.pid, 'SIGTERM'));
      console.log(isStopping());
    `);

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'true\n' });
  });

  it.each([
    ['before the work', ''],
    ['after the work', 'await savedOnSigterm(async () => undefined);'],
    [
      'after work that failed',
      "await savedOnSigterm(() => Promise.reject(new Error('no'))).catch(() => undefined);",
    ],
  ])('lets SIGTERM end the process at once %s, in the middle of a computation', async (_, work) => {
    const { signal, stdout } = await run(`
      ${work}
      console.log(isStopping());
      process.kill(process.pid, 'SIGTERM');
      for (;;);
    `);

    expect({ signal, stdout }).toEqual({ signal: 'SIGTERM', stdout: 'false\n' });
  });
});
