import { commands } from '#cli/commands/index.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import { LocalError } from '#local/errors.ts';

/** `lea COMMAND ...`: finds the command, runs it, turns its failure into a message and an exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = args;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const isHelp = name === '--help' || name === 'help' || name === '-h';
    (isHelp ? console.log : console.error)(
      isHelp ? usage() : `lea: no command "${name}"\n\n${usage()}`,
    );
    return isHelp ? 0 : 2;
  }
  if (rest.includes('--help')) {
    console.log(command.usage);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    return explain(error, command.usage);
  }
}

function explain(error: unknown, commandUsage: string): number {
  // node:util parseArgs: an unknown or incomplete option.
  if (
    error instanceof TypeError &&
    'code' in error &&
    String(error.code).startsWith('ERR_PARSE_ARGS')
  ) {
    console.error(`lea: ${error.message}\n\n${commandUsage}`);
    return 2;
  }
  if (error instanceof PipelineError || error instanceof LocalError) {
    console.error(`\n${error.code}: ${error.message}`);
    if (process.env.LEA_DEBUG !== undefined) console.error(error);
    return 1;
  }
  console.error(error);
  return 1;
}

function usage(): string {
  const lines = commands.map((command) => `  ${command.name.padEnd(12)}${command.summary}`);
  return `Usage: lea COMMAND [options]\n\n${lines.join('\n')}\n\nlea COMMAND --help says more.`;
}

// The launcher is gone: end as if it had passed a signal on.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
// What commands write comes from people's data: it is for the one who gave the command.
process.umask(0o077);
process.exitCode = await main(process.argv.slice(2));
