import * as z from 'zod';
import { type Champion, championPointer, championRecord } from '#lib/contracts/champion.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import { championsBackFrom, missingModelFiles } from '#lib/promotion/champion.ts';
import { alignColumns } from '#lib/report/table.ts';
import type { Objects } from '#platform/objects.ts';

/** A champion of now or of earlier. */
export type KnownChampion = Champion & {
  /** Whether its files are there, so that it can be (put back) into service. */
  readonly isKept: boolean;
};

/**
 * Who is in service, whom that replaced, and so on.
 *
 * @throws MissingArtefactError when nothing is in service
 */
export async function championHistory(
  objects: Objects,
  length = Number.POSITIVE_INFINITY,
): Promise<KnownChampion[]> {
  const known: KnownChampion[] = [];
  for await (const champion of championsBackFrom(objects, await inService(objects), length)) {
    const isKept = (await missingModelFiles(objects, champion.serving)).length === 0;
    known.push({ ...champion, isKept });
  }
  return known;
}

/** The same for a terminal, a line each. */
export function describeHistory(history: readonly KnownChampion[]): string[] {
  const rows = history.map(({ run, name, promotedAt, rolledBackAt, ndcg10, isKept }) => [
    run,
    name,
    minute(promotedAt),
    ndcg10.toFixed(4),
    rolledBackAt === undefined ? '' : `put back ${minute(rolledBackAt)}`,
    isKept ? '' : 'its files are deleted',
  ]);
  const lines = alignColumns(
    [['run', 'model', 'promoted', 'NDCG@10', '', ''], ...rows],
    ['left', 'left', 'left', 'right', 'left', 'left'],
  );
  return lines.map((line) => line.trimEnd());
}

/** What differs between two champions. */
export interface ChampionDifference {
  readonly champions: readonly [Champion, Champion];
  /** By name, the value of each of the two; undefined where one does not have it. */
  readonly settings: Readonly<Record<string, readonly [unknown, unknown]>>;
  /** For a terminal. */
  readonly lines: readonly string[];
}

/**
 * @param run of the one champion; by default the one in service
 * @param other of the other; by default the one that it replaced
 * @throws MissingArtefactError for a run that promoted nobody, and where there is no earlier champion
 */
export async function diffChampions(
  objects: Objects,
  run: string | undefined,
  other: string | undefined,
): Promise<ChampionDifference> {
  const one =
    run === undefined ? await inService(objects) : (await recordOf(objects, run)).champion;
  const two =
    other === undefined
      ? (await recordOf(objects, one.run)).previous
      : (await recordOf(objects, other)).champion;
  if (two === null) {
    throw new MissingArtefactError(
      `${one.name} of run ${one.run} replaced nobody: name a run with --with.`,
    );
  }
  const [first, second] = [await describe(objects, one), await describe(objects, two)];
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])].toSorted();
  const settings = Object.fromEntries(
    names
      .filter((name) => JSON.stringify(first[name]) !== JSON.stringify(second[name]))
      .map((name) => [name, [first[name], second[name]] as const]),
  );
  const told = (value: unknown) => (value === undefined ? '-' : String(value));
  const lines = alignColumns(
    [
      ['', `${one.name} of ${one.run}`, `${two.name} of ${two.run}`],
      ...Object.entries(settings).map(([name, [a, b]]) => [name, told(a), told(b)]),
    ],
    ['left', 'left', 'left'],
  );
  return { champions: [one, two], settings, lines: lines.map((line) => line.trimEnd()) };
}

/** The plain values of a champion and of its model's description by their paths; lists are left out. */
async function describe(objects: Objects, champion: Champion): Promise<Record<string, unknown>> {
  const { promotedAt, ndcg10 } = champion;
  const key = serving.modelFiles(champion.serving).description;
  const model = (await objects.getVersion(key, z.unknown()))?.value;
  return { promotedAt, ndcg10, ...Object.fromEntries(leaves(model, '')) };
}

function* leaves(value: unknown, path: string): Generator<[string, unknown]> {
  if (Array.isArray(value) || value === undefined) return;
  if (typeof value !== 'object' || value === null) yield [path, value];
  else {
    for (const [name, part] of Object.entries(value)) {
      yield* leaves(part, path === '' ? name : `${path}.${name}`);
    }
  }
}

async function inService(objects: Objects): Promise<Champion> {
  const found = await objects.getVersion(serving.champion, championPointer);
  if (found !== undefined) return found.value;
  throw new MissingArtefactError(
    'Nothing is in service yet: the first night that ends well puts something there.',
  );
}

async function recordOf(objects: Objects, run: string) {
  const found = await objects.getVersion(serving.championHistory(run), championRecord);
  if (found !== undefined) return found.value;
  throw new MissingArtefactError(
    `Run ${run} promoted nobody (${serving.championHistory(run)} is missing); \`npx lea champion history\` lists who was promoted.`,
  );
}

const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
