import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../temporary/folders.ts';
import * as suite from './suite.ts';

const runner = new URL('./runner.ts', import.meta.url).href;
const fastCheck = pathToFileURL('node_modules/fast-check/lib/fast-check.js').href;

/** Runs a file of tests as Stryker would: all of it, then with each mutant the tests that reach it. */
function answersOf(tests: string, calls: string): unknown {
  const folder = temporaryFolder('mutation');
  writeFileSync(
    join(folder, 'a.test.mjs'),
    `import { describe, expect, it } from 'vitest';\n${tests}`,
  );
  const program = `
    const { strykerPlugins: [{ injectableClass: Runner }] } = await import(${JSON.stringify(runner)});
    const shared = globalThis.__stryker__;
    const runner = new Runner();
    runner.init();
    const dry = await runner.dryRun({ testFiles: ['a.test.mjs'] });
    const mutant = (id, more) =>
      runner.mutantRun({ activeMutant: { id }, testFilter: dry.tests.map((test) => test.id), ...more });
    console.log(JSON.stringify(await (async () => { ${calls} })()));
    process.exit();
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: folder, encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

it('names tests after where they stand, and says which of them fail with what', () => {
  const tests = `
    it('passes', async () => {});
    describe('outer', () => {
      it.each([[1, 2], [2, 2]])('%i is %i', (a, b) => expect(a).toBe(b));
    });
    it('is failed by what nobody waits for', () => void Promise.reject(new Error('late')));
  `;

  expect(
    answersOf(
      tests,
      `return dry.tests.map(({ id, status, failureMessage = '' }) => [id, status, failureMessage.split('\\n')[0]]);`,
    ),
  ).toEqual([
    ['a.test.mjs#passes', 0, ''],
    ['a.test.mjs#outer > 1 is 2 [0]', 1, expect.stringContaining('expected 1 to be 2')],
    ['a.test.mjs#outer > 2 is 2 [1]', 0, ''],
    ['a.test.mjs#is failed by what nobody waits for', 1, 'late'],
  ]);
});

it('kills a mutant by the first test that fails, and tells of one that never ends', () => {
  const tests = `
    const shared = globalThis.__stryker__;
    const isActive = (id) => {
      if (shared.activeMutant !== id) return false;
      if (++shared.hitCount > shared.hitLimit) throw new Error('too often');
      return true;
    };
    it('adds', () => expect(isActive('1') ? 1 - 1 : 1 + 1).toBe(2));
    it('loops', () => { while (isActive('2')); });
  `;

  expect(
    answersOf(
      tests,
      `return [await mutant('1', { hitLimit: 9 }), await mutant('2', { hitLimit: 9 }), await mutant('3', { hitLimit: 9 })];`,
    ),
  ).toMatchObject([
    { status: 'killed', killedBy: ['a.test.mjs#adds'] },
    { status: 'timeout' },
    { status: 'survived', nrOfTests: 2 },
  ]);
});

it('takes the same cases every time, and makes none small that a property fails with', () => {
  const tests = `
    import fc from ${JSON.stringify(fastCheck)};
    it('fails', () => fc.assert(fc.property(fc.array(fc.nat()), (all) => all.length < 3)));
  `;

  const [first, second] = answersOf(
    tests,
    `return [await mutant('1'), await mutant('2')].map((found) => found.failureMessage);`,
  ) as string[];

  expect(first).toMatch(/seed: 1,/);
  expect(first).toMatch(/Shrunk 0 time/);
  expect(second).toBe(first);
});

it('computes anew what stands around tests, which each of them reaches', () => {
  const tests = `
    const shared = globalThis.__stryker__;
    shared.mutantCoverage = { static: {}, perTest: {} };
    const isActive = (id) => {
      const reached = (shared.mutantCoverage.perTest[shared.currentTestId] ??= {});
      reached[id] = (reached[id] ?? 0) + 1;
      return shared.activeMutant === id;
    };
    describe('sum', () => {
      const sum = isActive('1') ? 1 - 1 : 1 + 1;
      if (isActive('2')) throw new Error('broken');
      it('is 2', () => expect(sum).toBe(2));
      it('is a number', () => expect(sum).toBeTypeOf('number'));
    });
  `;

  expect(
    answersOf(tests, `return [await mutant('1'), await mutant('2'), dry.mutantCoverage.perTest];`),
  ).toMatchObject([
    { status: 'killed', killedBy: ['a.test.mjs#sum > is 2'] },
    { status: 'killed', failureMessage: expect.stringContaining('broken') },
    { 'a.test.mjs#sum > is 2': { 1: 1, 2: 1 }, 'a.test.mjs#sum > is a number': { 1: 1, 2: 1 } },
  ]);
});

it('has all that the tests of these rooms take from Vitest', () => {
  const files = globSync('test/lib/{promotion,evaluation,interactions}/**/*.ts');
  const taken = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/import \{([^}]*)\} from 'vitest'/g)].flatMap(
      ([, names]) => names!.split(',').map((name) => name.trim()),
    ),
  );

  expect(Object.keys(suite)).toEqual(expect.arrayContaining([...new Set(taken)]));
});
