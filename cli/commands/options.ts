import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** The command was not given as its usage says. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * The values of a command's options.
 *
 * @throws UsageError for one that the command does not have, one without its value, one that is given twice (unless it
 *   may be), and a word that belongs to none
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  const { values, tokens } = parse(args, options);
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option' || options[token.name]?.multiple === true) continue;
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is given more than once.`);
    seen.add(token.name);
  }
  return values;
}

function parse<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, tokens: true });
  } catch (error) {
    // Its messages are good, and all of them are about what was given.
    throw new UsageError((error as Error).message);
  }
}
