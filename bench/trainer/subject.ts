import { resolveModel } from '#lib/contracts/config/presets.ts';
import { modelConfig, trainingSettings } from '#lib/contracts/config/training.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import { emptyBatch } from '#lib/recommender/data/batch.ts';
import { describeNetwork } from '#lib/recommender/network.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { createTrainingProgram, type TrainingProgram } from '#lib/recommender/training-program.ts';

/** A training step to measure; the peer gets the same numbers. */
export interface Setup {
  readonly backbone: 'sasrec' | 'gru4rec' | 'caser' | 'nextitnet';
  readonly items: number;
  readonly window: number;
  /** Sequences (`lines`) or samples (`prefixes`) a step. */
  readonly lines: number;
  readonly design: 'lines' | 'prefixes';
  readonly dimension: number;
  readonly blocks: number;
  readonly heads: number;
  readonly dropout: number;
  readonly negatives: number;
  /** Default snqn. */
  readonly objective?: 'snqn' | 'supervised';
  /** Items are made of so many parts; undefined gives each a vector of its own. */
  readonly codebooks?: number;
}

/** Our trainer with one random batch. */
export interface Subject {
  /** Targets that a step learns from. */
  readonly targets: number;
  readonly program: TrainingProgram;
  step(): void;
  rank(): void;
  dispose(): void;
}

/** @param encodesAll states of all places are computed where the last is wanted, as the SQN and SNQN code does */
export function createSubject(setup: Setup, encodesAll = false): Subject {
  const { items, window } = setup;
  const isLines = setup.design === 'lines';
  const model = resolveModel(
    trainingSettings.parse({ preset: isLines ? 'sound' : 'paper' }),
    modelConfig.parse({
      name: 'bench',
      backbone: setup.backbone,
      objective: setup.objective ?? 'snqn',
      ...(setup.codebooks !== undefined && { itemCodes: { codebooks: setup.codebooks } }),
      dimension: setup.dimension,
      blocks: setup.blocks,
      heads: setup.heads,
      dropout: setup.dropout,
      negatives: setup.negatives,
      window,
      batchTargets: isLines ? setup.lines * window : setup.lines,
    }),
  );
  const described = describeNetwork(model, items, window, undefined);
  const { encodeLast: _, ...onlyAll } = described.backbone;
  const network = encodesAll ? { ...described, backbone: onlyAll } : described;
  const layout = batchLayout(model, network);
  const batch = emptyBatch(layout);
  const random = randomStream(1, 'bench');
  const fill = (array: Int32Array | undefined) => {
    for (let at = 0; at < (array?.length ?? 0); at++) array![at] = 1 + random.integer(items);
  };
  for (const array of [batch.items, batch.nextItems, batch.negatives, batch.sampledItems])
    fill(array);
  fill(batch.targets);
  batch.lengths?.fill(window);
  batch.nextLengths?.fill(window);
  batch.rewards?.fill(1);
  batch.continues?.fill(1);
  batch.positions?.forEach((_, place) => {
    batch.positions![place] = place % layout.time;
  });
  // Whole lines have one place more, for the state after the last action.
  batch.weights!.forEach((_, place) => {
    batch.weights![place] = isLines && place % layout.time === window ? 0 : 1;
  });
  const codes =
    setup.codebooks === undefined
      ? undefined
      : Uint8Array.from({ length: items * setup.codebooks }, () => random.integer(256));
  const program = createTrainingProgram({ network, layout, excluded: 0, codes });
  const { ranker } = program;
  const histories = new Int32Array(ranker.cases * window);
  fill(histories);
  const cases = {
    items: histories,
    lengths: new Int32Array(ranker.cases).fill(window),
    targets: new Int32Array(ranker.cases).fill(1),
    excluded: new Int32Array(0),
  };
  let step = 0;
  return {
    targets: batch.weights!.reduce((sum, weight) => sum + weight, 0),
    program,
    step: () => {
      step++;
      const isSwapped = random.uniform() < 0.5;
      program.train(batch, { seed: Int32Array.of(1, step), isActing: false, isSwapped });
    },
    rank: () => {
      ranker.count(cases);
    },
    dispose: () => program.dispose(),
  };
}
