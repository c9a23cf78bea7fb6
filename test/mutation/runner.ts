import { globSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { type Block, type CollectedTest, collect } from './suite.ts';

/*
 * A test runner of Stryker (stryker.config.json) that imports test files once and calls the tests of a mutant directly, many
 * times a second. Vitest would load all modules, or at least begin a run, for each mutant.
 */

/** The tests that may be held against changed code. */
const testFiles = 'test/lib/{promotion,evaluation,interactions}/**/*.test.ts';
const suite = new URL('./suite.ts', import.meta.url).href;

/** What changed code and Stryker tell each other: https://stryker-mutator.io/docs/stryker-js/instrumentation. */
interface Shared {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  /** Which mutants were reached how often, by the id of the test. */
  mutantCoverage?: { readonly perTest: Record<string, Record<string, number>> };
}
const place = globalThis as { __stryker__?: Shared };
place.__stryker__ ??= {};
const shared = place.__stryker__;

interface MutantRun {
  readonly activeMutant: { readonly id: string };
  /** Ids of the tests that reach the changed code. */
  readonly testFilter?: readonly string[];
  /** A hundred times as often as all tests together reached it. */
  readonly hitLimit?: number;
}

class DirectRunner {
  readonly #files = new Map<string, readonly Block[]>();
  /** Where a test stands, by its id. */
  readonly #blocks = new Map<string, Block>();
  /** Milliseconds that each test took at first, by its id. */
  readonly #times = new Map<string, number>();
  /** What nobody waits for may fail too. */
  readonly #stray: unknown[] = [];

  capabilities() {
    return { reloadEnvironment: false };
  }

  init(): void {
    // A property that fails has done its work: making its case small would run the code, perhaps an endless one, hundreds of
    // times more. With the same cases every time, a mutant that changes nothing is reached as often as at first.
    fc.configureGlobal({ seed: 1, endOnFailure: true });
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier !== 'vitest' || context.parentURL === suite) return next(specifier, context);
        return { url: suite, shortCircuit: true };
      },
      load(url, context, next) {
        const loaded = next(url, context);
        return { ...loaded, source: withoutCounting(loaded.source) };
      },
    });
    process.on('unhandledRejection', (reason) => this.#stray.push(reason));
  }

  /** Runs all tests of the files, and learns which of them reach which code. */
  async dryRun({ testFiles: files = globSync(testFiles) }: { readonly testFiles?: string[] }) {
    const tests = [];
    for (const file of files.map((path) => relative('.', resolve(path)))) {
      for (const block of await this.#blocksOf(file)) {
        const body = `${file}#`;
        shared.currentTestId = body;
        const listed = block.list();
        for (const test of listed) {
          const id = body + test.name;
          this.#blocks.set(id, block);
          shared.currentTestId = id;
          const begin = performance.now();
          const failure = await this.#failureOf(test);
          const timeSpentMs = performance.now() - begin;
          this.#times.set(id, timeSpentMs);
          const result = { id, name: test.name, timeSpentMs };
          if (failure === undefined) tests.push({ ...result, status: 0 });
          else tests.push({ ...result, status: 1, failureMessage: failure });
        }
        shared.currentTestId = undefined;
        shareCoverage(
          body,
          listed.map(({ name }) => body + name),
        );
      }
    }
    return { status: 'complete', tests, mutantCoverage: shared.mutantCoverage };
  }

  /** Runs the tests that reach a mutant, the quick ones first, until one fails. */
  async mutantRun({ activeMutant, testFilter = [], hitLimit: hundredfold }: MutantRun) {
    const hitLimit = hundredfold && hundredfold / 10 + 1000;
    const time = (id: string) => this.#times.get(id) ?? 0;
    const wanted = testFilter.toSorted((a, b) => time(a) - time(b));
    // A process that replaces one which hung knows no block yet.
    for (const id of wanted) if (!this.#blocks.has(id)) await this.#find(id);
    shared.hitLimit = hitLimit;
    shared.hitCount = hitLimit === undefined ? undefined : 0;
    shared.activeMutant = activeMutant.id;
    try {
      const listed = new Map<Block, readonly CollectedTest[]>();
      for (const [at, id] of wanted.entries()) {
        const failureMessage = await this.#failureAmong(id, listed);
        if (hitLimit !== undefined && shared.hitCount! > hitLimit) {
          return { status: 'timeout', reason: `Reached ${hitLimit} times` };
        }
        if (failureMessage === undefined) continue;
        return { status: 'killed', killedBy: [id], failureMessage, nrOfTests: at + 1 };
      }
      return { status: 'survived', nrOfTests: wanted.length };
    } finally {
      shared.activeMutant = undefined;
    }
  }

  /** What stands at the top of a file, which is imported once. */
  async #blocksOf(file: string): Promise<readonly Block[]> {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const blocks = await collect(() => import(pathToFileURL(file).href));
    this.#files.set(file, blocks);
    return blocks;
  }

  /** Learns where the tests of a test's file stand. */
  async #find(id: string): Promise<void> {
    const file = id.slice(0, id.indexOf('#'));
    for (const block of await this.#blocksOf(file)) {
      for (const { name } of block.list()) this.#blocks.set(`${file}#${name}`, block);
    }
  }

  /** As `#failureOf` a test, with all that is computed around it; a body that throws fails its tests. */
  async #failureAmong(
    id: string,
    listed: Map<Block, readonly CollectedTest[]>,
  ): Promise<string | undefined> {
    const block = this.#blocks.get(id)!;
    try {
      if (!listed.has(block)) listed.set(block, block.list());
    } catch (error) {
      return `Not described any more: ${error}`;
    }
    const name = id.slice(id.indexOf('#') + 1);
    const test = listed.get(block)!.find((one) => one.name === name);
    return test === undefined ? 'Not described any more' : this.#failureOf(test);
  }

  /** @returns the message of what a test fails with; undefined if it does not */
  async #failureOf(test: CollectedTest): Promise<string | undefined> {
    this.#stray.length = 0;
    try {
      await test.run();
      // What was rejected and never waited for is told after the promises have settled.
      await setImmediate();
      if (this.#stray.length === 0) return undefined;
      throw this.#stray[0];
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/**
 * Changed code counts how often each mutant is reached, also while one of them is tried, when nobody asks: where much is
 * computed that takes most of the time by far.
 */
function withoutCounting<Source>(source: Source): Source | string {
  const text = source?.toString() ?? '';
  if (!text.includes('function stryCov_9fa48()')) return source;
  return text.replace('function cover() {', '$& if (ns.activeMutant !== undefined) return;');
}

/** What the body around tests reaches, each of them reaches: it is run again with them. */
function shareCoverage(body: string, tests: readonly string[]): void {
  const perTest = shared.mutantCoverage?.perTest;
  const reached = perTest?.[body];
  if (perTest === undefined || reached === undefined) return;
  delete perTest[body];
  for (const id of tests) {
    perTest[id] ??= {};
    for (const [mutant, times] of Object.entries(reached)) {
      perTest[id][mutant] = (perTest[id][mutant] ?? 0) + times;
    }
  }
}

export const strykerPlugins = [
  { kind: 'TestRunner', name: 'direct', injectableClass: DirectRunner },
];
