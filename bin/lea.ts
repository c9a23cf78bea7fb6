import { readFileSync } from 'node:fs';
import type { Command } from '#cli/commands/command.ts';
import { commands } from '#cli/commands/index.ts';
import { UsageError } from '#cli/commands/options.ts';
import { watchAncestors } from '#cli/process/ancestors.ts';
import { watchOutput } from '#cli/process/broken-pipe.ts';
import { asCalled } from '#cli/process/called.ts';
import { suggest } from '#lib/contracts/suggest.ts';

const helpFlags = ['--help', '-h'];

/** How long a process may take to end after its command has. */
const lastMilliseconds = 5000;

/** `lea COMMAND ...`: finds the command, runs it, turns its failure into a message and an exit code. */
async function main([name = '--help', ...args]: readonly string[]): Promise<number> {
  if (name === 'help' || helpFlags.includes(name)) {
    console.log(usage());
    return 0;
  }
  if (name === '--version') {
    const file = new URL('../package.json', import.meta.url);
    console.log(JSON.parse(readFileSync(file, 'utf8')).version);
    return 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    const meant = suggest(name, Object.keys(commands));
    // What is wrong comes last, beside the prompt: the list of commands is longer than some terminals.
    console.error(
      meant === undefined
        ? `${usage()}\n\nlea: no command "${name}"`
        : `lea: no command "${name}"; did you mean "${meant}"? lea --help lists them all.`,
    );
    return 2;
  }
  const command = await entry.load();
  if (args.some((arg) => helpFlags.includes(arg))) {
    console.log(asCalled(command.usage));
    return 0;
  }
  try {
    const work = command.prepare(args);
    await makeReady(command);
    // What commands write comes from people's data: it is for the one who gave the command.
    process.umask(0o077);
    return await work();
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(asCalled(`${command.usage}\n\nlea ${name}: ${error.message}`));
      return 2;
    }
    const { explain } = await import('#cli/commands/explain.ts');
    const { message, exitCode } = explain(error);
    if (message !== undefined) console.error(asCalled(`\n${message}`));
    if (process.env.LEA_DEBUG !== undefined) console.error(error);
    return exitCode;
  }
}

async function makeReady({ needs }: Command): Promise<void> {
  if (needs.length === 0) return;
  const { setUp } = await import('../setup/setup.mjs');
  setUp(needs);
}

function usage(): string {
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(12)}${summary}`,
  );
  return `Usage: lea COMMAND [options]\n\n${lines.join('\n')}\n\nlea COMMAND --help says more. Exit codes: 0 for success, 1 for failure, 2 for wrong use, 130 after Ctrl-C.`;
}

// Nobody waits for the outcome, or nobody reads it, any more: commands stop as if they were asked to.
let isAsked = false;
const stop = () => {
  if (!isAsked) process.kill(process.pid, 'SIGTERM');
  isAsked = true;
};
watchAncestors(stop);
watchOutput(stop);
process.exitCode = await main(process.argv.slice(2));
// Whatever may be left open.
setTimeout(() => process.exit(), lastMilliseconds).unref();
