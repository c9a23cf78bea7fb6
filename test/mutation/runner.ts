import { globSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type CollectedTest, collect } from './suite.ts';

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
  mutantCoverage?: object;
}
const place = globalThis as { __stryker__?: Shared };
place.__stryker__ ??= {};
const shared = place.__stryker__;

interface MutantRun {
  readonly activeMutant: { readonly id: string };
  /** Ids of the tests that reach the changed code. */
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

class DirectRunner {
  readonly #files = new Map<string, ReadonlyMap<string, CollectedTest>>();
  /** Milliseconds that each test took at first, by its id. */
  readonly #times = new Map<string, number>();
  /** What nobody waits for may fail too. */
  readonly #stray: unknown[] = [];

  capabilities() {
    return { reloadEnvironment: false };
  }

  init(): void {
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier !== 'vitest' || context.parentURL === suite) return next(specifier, context);
        return { url: suite, shortCircuit: true };
      },
    });
    process.on('unhandledRejection', (reason) => this.#stray.push(reason));
  }

  /** Runs all tests of the files, and learns which of them reach which code. */
  async dryRun({ testFiles: files = globSync(testFiles) }: { readonly testFiles?: string[] }) {
    const tests = [];
    for (const file of files) {
      for (const [id, test] of await this.#testsOf(relative('.', resolve(file)))) {
        shared.currentTestId = id;
        const begin = performance.now();
        const failure = await this.#failureOf(test);
        shared.currentTestId = undefined;
        const timeSpentMs = performance.now() - begin;
        this.#times.set(id, timeSpentMs);
        const result = { id, name: test.name, timeSpentMs };
        if (failure === undefined) tests.push({ ...result, status: 0 });
        else tests.push({ ...result, status: 1, failureMessage: failure });
      }
    }
    return { status: 'complete', tests, mutantCoverage: shared.mutantCoverage };
  }

  /** Runs the tests that reach a mutant, the quick ones first, until one fails. */
  async mutantRun({ activeMutant, testFilter = [], hitLimit }: MutantRun) {
    const tests: [string, CollectedTest][] = [];
    const time = (id: string) => this.#times.get(id) ?? 0;
    for (const id of testFilter.toSorted((a, b) => time(a) - time(b))) {
      const file = await this.#testsOf(id.slice(0, id.indexOf('#')));
      tests.push([id, file.get(id)!]);
    }
    shared.hitLimit = hitLimit;
    shared.hitCount = hitLimit === undefined ? undefined : 0;
    shared.activeMutant = activeMutant.id;
    try {
      for (const [at, [id, test]] of tests.entries()) {
        const failureMessage = await this.#failureOf(test);
        if (hitLimit !== undefined && shared.hitCount! > hitLimit) {
          return { status: 'timeout', reason: `Reached ${hitLimit} times` };
        }
        if (failureMessage === undefined) continue;
        return { status: 'killed', killedBy: [id], failureMessage, nrOfTests: at + 1 };
      }
      return { status: 'survived', nrOfTests: tests.length };
    } finally {
      shared.activeMutant = undefined;
    }
  }

  /** The tests of a file by their ids; it is imported once. */
  async #testsOf(file: string): Promise<ReadonlyMap<string, CollectedTest>> {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const tests = await collect(() => import(pathToFileURL(file).href));
    const byId = new Map(tests.map((test) => [`${file}#${test.name}`, test]));
    this.#files.set(file, byId);
    return byId;
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

export const strykerPlugins = [
  { kind: 'TestRunner', name: 'direct', injectableClass: DirectRunner },
];
