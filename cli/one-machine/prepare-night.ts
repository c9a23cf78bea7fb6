import { ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runStatus } from '#lib/contracts/run.ts';
import type { Objects } from '#platform/objects.ts';
import { type Night, writeNight } from './night-file.ts';

/** Which night is wanted in which folder. */
export interface WantedNight {
  readonly out: string;
  readonly configText: string;
  /** The run's name; by default today's date, numbered if that one is done. */
  readonly run?: string | undefined;
}

/**
 * The night that was interrupted in this folder, or a new one.
 *
 * @param before what `<out>/night.json` says
 * @throws ValidationError for the name of a run that has ended well
 */
export async function prepareNight(
  objects: Objects,
  { out, configText: config, run: wanted }: WantedNight,
  before: Night | undefined,
): Promise<Night> {
  if (before !== undefined && !before.finished && before.config === config) {
    if (wanted === undefined || wanted === before.run) return before;
  }
  if (wanted !== undefined && (await statusOf(objects, wanted)) === 'succeeded') {
    throw new ValidationError(
      `Run ${wanted} has ended well in ${out} already: another name, or none, begins a night. \`lea report --run ${wanted}\` shows that one.`,
    );
  }
  const date = new Date().toISOString().slice(0, 10);
  let run = wanted ?? date;
  for (let number = 2; wanted === undefined && (await hasBegun(objects, run)); number++) {
    run = `${date}-${number}`;
  }
  const { uploaded = {}, took } = before ?? {};
  const night = { run, finished: false, config, uploaded, ...(took !== undefined && { took }) };
  writeNight(out, night);
  return night;
}

export const hasBegun = async (objects: Objects, run: string): Promise<boolean> =>
  (await statusOf(objects, run)) !== undefined;

const statusOf = async (objects: Objects, run: string) =>
  (await objects.getVersion(runs.status(run), runStatus))?.value.status;
