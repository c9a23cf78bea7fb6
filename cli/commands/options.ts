import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { suggest } from '#lib/contracts/suggest.ts';

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
  const { files: _, ...values } = readFilesAndOptions(args, options, false);
  return values;
}

/** The same, with the words that belong to no option as `files`. */
export function readFilesAndOptions<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  allowFiles = true,
) {
  const { values, positionals: files, tokens } = parse(args, options, allowFiles);
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option' || options[token.name]?.multiple === true) continue;
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is given more than once.`);
    seen.add(token.name);
  }
  return { ...values, files };
}

function parse<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, tokens: true, allowPositionals });
  } catch (error) {
    // Its messages are good, and all of them are about what was given.
    const { message } = error as Error;
    const unknown = /^Unknown option '--([^']+)'/.exec(message)?.[1];
    const meant = unknown === undefined ? undefined : suggest(unknown, Object.keys(options));
    if (meant === undefined) throw new UsageError(message);
    throw new UsageError(`Unknown option '--${unknown}'; did you mean '--${meant}'?`);
  }
}
