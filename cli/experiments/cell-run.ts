import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { judgeNetwork } from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import type { TextVectors } from '#lib/recommender/text-table.ts';
import type { TrainingHooks } from '#lib/recommender/training-task.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import { versions } from '../../containers/trainer/versions.ts';
import { answersControl, type Cell, environmentControl } from './arms.ts';
import { type FinishedCell, fingerprintOf, writeCell } from './cells.ts';
import type { EnvironmentAnswerer } from './environment-answers.ts';
import { textsOf } from './experiment-data.ts';
import { type EnvironmentAnswers, networkOf } from './networks.ts';
import type { ReadOptions } from './options.ts';
import { configHash, currentCommit, machine } from './provenance.ts';
import type { CellResult } from './results.ts';
import { coldScores, scoresOf, shownItems } from './scores.ts';

/** What a cell learns from besides the log. */
interface CellSource {
  readonly text: TextVectors | undefined;
  readonly answers: EnvironmentAnswers | undefined;
}

/** Runs the cells of an experiment on its data, one at a time. */
export class CellRunner {
  readonly #options: ReadOptions;
  readonly #built: BuiltSequences;
  readonly #answerer: EnvironmentAnswerer | undefined;
  readonly #texts: ReturnType<typeof textsOf>;

  constructor(
    options: ReadOptions,
    built: BuiltSequences,
    answerer: EnvironmentAnswerer | undefined,
  ) {
    this.#options = options;
    this.#built = built;
    this.#answerer = answerer;
    this.#texts = textsOf(options, built);
  }

  /** Tells a cell's number from every other one; fits and asks the cell's environment if nobody has. */
  async fingerprint(cell: Cell): Promise<string> {
    return fingerprintOfCell(cell.model, this.#built, await this.#sourceOf(cell));
  }

  /**
   * Trains, judges and writes a cell.
   *
   * @throws PipelineError `Stopped` if the hooks ended it
   */
  async run(
    cell: Cell,
    hooks: Pick<TrainingHooks, 'shouldStop' | 'onProgress'>,
  ): Promise<FinishedCell> {
    const source = await this.#sourceOf(cell);
    const done = await this.#judge(cell, source, hooks);
    writeCell(this.#options.out, cell.file, done);
    return done;
  }

  async #sourceOf(cell: Cell): Promise<CellSource> {
    const { environment, model, control } = cell;
    return {
      answers:
        environment === undefined
          ? undefined
          : await this.#answerer!.answers(
              environment,
              answersControl(cell),
              environmentControl(cell),
            ),
      text: model.text && this.#texts(control === 'texts-permuted'),
    };
  }

  async #judge(
    { name, seed, model }: Cell,
    source: CellSource,
    hooks: Pick<TrainingHooks, 'shouldStop' | 'onProgress'>,
  ): Promise<FinishedCell> {
    const begun = performance.now();
    const built = this.#built;
    const { manifest } = built;
    const { text, answers } = source;
    const { network, ...training } = await networkOf(
      built,
      model,
      text,
      this.#options.out,
      hooks,
      answers,
    );
    const judged = judgeNetwork(
      network,
      networkHistories(
        { ...built, baskets: manifest.baskets },
        built.validation,
        manifest.excludeHistory,
        model.prior,
      ),
      model.prior,
      { events: built.events, split: manifest.split },
      built,
    );
    const { ranks, lists } = judged.test;
    const result: CellResult = {
      name,
      seed,
      ...scoresOf(ranks),
      backbone: model.backbone,
      objective: model.objective,
      validation: scoresOf(judged.validation.ranks),
      cold: coldScores(ranks, built.test.targets, manifest.trainItems),
      shown: shownItems(lists),
      epochs: training.epochs,
      bestEpoch: training.bestEpoch,
      trainingSeconds: training.seconds,
      curve: training.curve,
      seconds: Number(((performance.now() - begun) / 1000).toFixed(1)),
      manifest: {
        fingerprint: fingerprintOfCell(model, built, source),
        settings: model,
        dataHash: manifest.dataHash,
        configHash: configHash(this.#options),
        versions: versions(),
        commit: currentCommit(),
        machine: machine(),
        finishedAt: new Date().toISOString(),
      },
    };
    return { result, ranks };
  }
}

function fingerprintOfCell(
  model: ResolvedModel,
  { manifest: { dataHash, excludeHistory } }: BuiltSequences,
  { text, answers }: CellSource,
): string {
  const learnedFrom = answers === undefined ? dataHash : `${dataHash} ${answers.hash}`;
  return fingerprintOf(model, learnedFrom, excludeHistory, text?.known);
}
