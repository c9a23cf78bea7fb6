import { partialScores, writeScores } from '#lib/recommender/coded-scores.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { startPeer } from './peer.ts';
import { createSubject, type Setup } from './subject.ts';

/** One number beside its peer's. */
export interface Line {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string;
  readonly peerValue: number;
  /** Above 1 is better than the peer. */
  readonly ratio: number;
}

/** Something to measure. */
export type Case = { readonly name: string } & (
  | { readonly kind: 'step' | 'ranking'; readonly setup: Setup }
  | { readonly kind: 'designs'; readonly setup: Setup }
  | {
      readonly kind: 'large';
      readonly items: number;
      readonly codebooks?: number;
      readonly objective: 'snqn' | 'supervised';
    }
);

const backbones = ['sasrec', 'gru4rec', 'caser', 'nextitnet'] as const;
const common = { dimension: 64, heads: 1, dropout: 0.1, negatives: 10 } as const;
const blocksOf = (backbone: string) => (backbone === 'nextitnet' ? 2 : 1);

/** About as many targets per step as a run has by default. */
const lineTargets = 1280;
const samples = 256;

function setupOf(
  backbone: Setup['backbone'],
  items: number,
  window: number,
  design: Setup['design'],
  targets: number,
): Setup {
  const lines = design === 'lines' ? Math.round(targets / window) : targets;
  return { ...common, backbone, items, window, design, lines, blocks: blocksOf(backbone) };
}

export const cases: readonly Case[] = [
  ...(['lines', 'prefixes'] as const).flatMap((design) =>
    backbones.flatMap((backbone) =>
      [5800, 18_000].flatMap((items) =>
        [10, 50].map((window): Case => {
          const targets = design === 'lines' ? lineTargets : samples;
          return {
            kind: 'step',
            name: `${backbone} ${design} window ${window}, ${items} items`,
            setup: setupOf(backbone, items, window, design, targets),
          };
        }),
      ),
    ),
  ),
  ...(['sasrec', 'gru4rec', 'nextitnet'] as const).map(
    (backbone): Case => ({
      kind: 'designs',
      name: `${backbone} lines beside prefixes, window 50, 18000 items`,
      setup: setupOf(backbone, 18_000, 50, 'lines', samples),
    }),
  ),
  {
    kind: 'ranking',
    name: 'full ranking of 100000 states over 18000 items',
    setup: setupOf('sasrec', 18_000, 10, 'prefixes', samples),
  },
  { kind: 'large', name: 'a million items', items: 1_000_000, objective: 'snqn' },
  ...([1_000_000, 10_000_000] as const).flatMap((items) =>
    (['supervised', 'snqn'] as const).map(
      (objective): Case => ({
        kind: 'large',
        name: `codes, ${objective}, ${items} items`,
        items,
        codebooks: 8,
        objective,
      }),
    ),
  ),
];

/** Measures a case; our turns and the peer's alternate. */
export async function runCase(each: Case, rounds: number): Promise<Line[]> {
  switch (each.kind) {
    case 'step':
      return measureStep(each.setup, rounds);
    case 'ranking':
      return measureRanking(each.setup, rounds);
    case 'designs':
      return measureDesigns(each.setup, rounds);
    case 'large':
      return measureLarge(each);
  }
}

async function measureStep(setup: Setup, rounds: number): Promise<Line[]> {
  const subject = createSubject(setup);
  const peer = await startPeer(setup);
  const own: number[] = [];
  const peers: number[] = [];
  time(subject.step, 3);
  await peer.run('steps', 3);
  for (let round = 0; round < rounds; round++) {
    own.push(...time(subject.step, 8));
    peers.push(...(await peer.run('steps', 8)));
  }
  await peer.close();
  subject.dispose();
  const name = `PyTorch ${peer.version}`;
  return [
    higherIsBetter(
      'targets',
      subject.targets / median(own),
      'targets/s',
      name,
      subject.targets / median(peers),
    ),
  ];
}

async function measureRanking(setup: Setup, rounds: number): Promise<Line[]> {
  const states = 100_000;
  const subject = createSubject(setup);
  const peer = await startPeer(setup);
  const own: number[] = [];
  const peers: number[] = [];
  time(subject.rank, 3);
  await peer.run('rankings', 3);
  for (let round = 0; round < rounds; round++) {
    own.push(...time(subject.rank, 30));
    peers.push(...(await peer.run('rankings', 30)));
  }
  await peer.close();
  const { cases: batch } = subject.program.ranker;
  subject.dispose();
  const value = (median(own) * states) / batch;
  const peerValue = (median(peers) * states) / setup.lines;
  const peerName = `PyTorch ${peer.version}, top 20`;
  return [
    { metric: 'ranking', value, unit: 's', peer: peerName, peerValue, ratio: peerValue / value },
  ];
}

/** The ways to lay out the same number of targets per step, all ours. */
async function measureDesigns(setup: Setup, rounds: number): Promise<Line[]> {
  const single: Setup = { ...setup, design: 'prefixes', lines: samples };
  const subjects = [createSubject(setup), createSubject(single, true), createSubject(single)];
  const seconds = subjects.map((): number[] => []);
  for (const { step } of subjects) time(step, 3);
  for (let round = 0; round < rounds; round++) {
    subjects.forEach(({ step }, index) => {
      seconds[index]!.push(...time(step, 8));
    });
  }
  for (const subject of subjects) subject.dispose();
  const [lines, published, prefixes] = subjects.map(
    ({ targets }, index) => targets / median(seconds[index]!),
  ) as [number, number, number];
  return [
    higherIsBetter(
      'targets',
      lines,
      'targets/s',
      'one prefix per sample as published (every place encoded)',
      published,
    ),
    higherIsBetter('targets', lines, 'targets/s', 'one prefix per sample (last place)', prefixes),
  ];
}

/**
 * Trains a catalogue that no `[places, items]` fits; the memory is that of this process at its highest, so that such a case is to be
 * run alone. Items in codes are scored too.
 */
function measureLarge({
  items,
  codebooks,
  objective,
}: Extract<Case, { readonly kind: 'large' }>): Line[] {
  const setup = { ...setupOf('sasrec', items, 50, 'lines', 1000), objective };
  const subject = createSubject({ ...setup, ...(codebooks !== undefined && { codebooks }) });
  const seconds = time(subject.step, 3).slice(1);
  const limit = 8192;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  const logits = (subject.targets * items * 4) / 2 ** 20;
  subject.dispose();
  return [
    {
      metric: 'peak memory',
      value: megabytes,
      unit: 'MiB',
      peer: 'limit',
      peerValue: limit,
      ratio: limit / megabytes,
    },
    {
      metric: 'peak memory',
      value: megabytes,
      unit: 'MiB',
      peer: 'logits and their gradient alone',
      peerValue: 2 * logits,
      ratio: (2 * logits) / megabytes,
    },
    { metric: 'step', value: median(seconds), unit: 's', peer: 'none', peerValue: 0, ratio: 0 },
    ...(codebooks === undefined ? [] : [scoringLine(items, codebooks, setup.dimension)]),
  ];
}

/** Exact scores of all items after one state, in plain typed arrays on one core, beside the goal for a million items. */
function scoringLine(items: number, codebooks: number, dimension: number): Line {
  const random = randomStream(2, 'bench');
  const head = {
    codes: Uint8Array.from({ length: items * codebooks }, () => random.integer(256)),
    codebooks,
    dimension,
    parts: Float32Array.from({ length: 256 * dimension }, () => random.normal()),
    bias: undefined,
  };
  const state = Float32Array.from({ length: dimension }, () => random.normal());
  const scores = new Float32Array(items);
  const score = () => writeScores(head, partialScores(head, state), scores);
  time(score, 5);
  const value = median(Array.from({ length: 101 }, () => processorMilliseconds(score)));
  const goal = (15 * items) / 1e6;
  return {
    metric: 'scores of all items, p50 of processor time',
    value,
    unit: 'ms',
    peer: '15 ms a million',
    peerValue: goal,
    ratio: goal / value,
  };
}

/** Of work on one thread: what others do on the machine counts less than by the clock. */
function processorMilliseconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function higherIsBetter(
  metric: string,
  value: number,
  unit: string,
  peer: string,
  peerValue: number,
): Line {
  return { metric, value, unit, peer, peerValue, ratio: value / peerValue };
}

/** Seconds of each call. */
function time(work: () => void, count: number): number[] {
  return Array.from({ length: count }, () => {
    const begun = performance.now();
    work();
    return (performance.now() - begun) / 1000;
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
