import type { Command } from './command.ts';
import { readOptions, UsageError } from './options.ts';
import { lookIntoBucket, placeOptions, placeUsage, readPlace, withBucket } from './place.ts';
import { rollback } from './rollback.ts';

const subcommands = ['show', 'history', 'diff', 'promote', 'rollback'] as const;

/** Who is in service, who was, and changing that by hand. */
export const champion: Command = {
  usage: `Usage: npx lea champion show|history (--out DIR | --bucket NAME) [--json]
       npx lea champion diff (--out DIR | --bucket NAME) [--run NAME] [--with NAME] [--json]
       npx lea champion promote (--out DIR | --bucket NAME) --run NAME [--model NAME]
       npx lea champion rollback (--out DIR | --bucket NAME) [--run NAME]

  show           who is in service
  history        whom that replaced, and so on, and who could still be put back
  diff           what differs between the champions of two runs (default: the one in service and the one before)
  promote        puts a model of a night into service although the verdict was not to: the winner, or --model NAME
  rollback       puts an earlier champion back (default: the one before)

${placeUsage}
  --json         the same for programs`,
  needs: [],
  prepare([subcommand = '', ...args]) {
    const name = subcommands.find((known) => known === subcommand);
    if (name === undefined) {
      throw new UsageError(`One of ${subcommands.join(', ')} is needed.`);
    }
    if (name === 'rollback') return rollback.prepare(args);
    const {
      run,
      with: other,
      model,
      json,
      ...given
    } = readOptions(args, {
      ...placeOptions,
      ...((name === 'diff' || name === 'promote') && { run: { type: 'string' } }),
      ...(name === 'diff' && { with: { type: 'string' } }),
      ...(name === 'promote' && { model: { type: 'string' } }),
      ...(name !== 'promote' && { json: { type: 'boolean', default: false } }),
    } as typeof options);
    const place = readPlace(given);
    if (name === 'promote' && run === undefined) throw new UsageError('--run is needed.');
    const inBucket = name === 'promote' ? withBucket : lookIntoBucket;
    return () =>
      inBucket(place, async (objects) => {
        const { diffChampions, championHistory, describeHistory } = await import(
          '../artefacts/champions.ts'
        );
        if (name === 'promote') {
          const { promoteByHand } = await import('#lib/promotion/by-hand.ts');
          const made = await promoteByHand(objects, { run: run!, model, now: new Date() });
          if (made.changed && 'out' in place) {
            const { renewFilesIfThere } = await import('../artefacts/export.ts');
            await renewFilesIfThere(objects, place.out);
          }
          const now = `${made.champion.name} of run ${made.champion.run}`;
          const before =
            made.previous === null
              ? ''
              : `, in place of ${made.previous.name} of run ${made.previous.run}`;
          console.log(
            made.changed ? `${now} is in service now${before}.` : `${now} is the champion already.`,
          );
          return 0;
        }
        if (name === 'diff') {
          const found = await diffChampions(objects, run, other);
          console.log(json ? JSON.stringify(found, null, 2) : found.lines.join('\n'));
          return 0;
        }
        const history = await championHistory(objects, name === 'show' ? 1 : undefined);
        console.log(
          json
            ? JSON.stringify(name === 'show' ? history[0] : history, null, 2)
            : describeHistory(history).join('\n'),
        );
        return 0;
      });
  },
};

/** Options of all of them together. */
const options = {
  ...placeOptions,
  run: { type: 'string' },
  with: { type: 'string' },
  model: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;
