import { format } from 'node:util';

/** One test as it stands in a file. */
export interface CollectedTest {
  readonly name: string;
  readonly run: () => unknown;
}

/** What stands for `vitest` in test files while mutants are tried: it collects tests, and runs nothing. */
export { expect } from 'vitest';

/** What stands at the top of a file: a test, or tests described together. */
export interface Block {
  /** Describes its tests anew, with whatever the bodies around them compute. */
  readonly list: () => readonly CollectedTest[];
}

let blocks: Block[] = [];
let tests: CollectedTest[] | undefined;
let path: readonly string[] = [];

/** @returns what a file describes while it is imported by `load` */
export async function collect(load: () => Promise<unknown>): Promise<readonly Block[]> {
  blocks = [];
  await load();
  return blocks;
}

/** Keeps what stands at the top of a file for later, and runs what stands deeper. */
function place(body: () => void): void {
  if (tests !== undefined) {
    body();
    return;
  }
  const list = () => {
    const found: CollectedTest[] = [];
    tests = found;
    path = [];
    try {
      body();
    } finally {
      tests = undefined;
    }
    return found;
  };
  blocks.push({ list });
}

type Cases = readonly unknown[];
type Body = (...values: never[]) => unknown;

/** Rows that are arrays are several arguments, as in Vitest. The number keeps names apart that read alike. */
const each = (add: (name: string, body: () => unknown) => void) => (cases: Cases) => {
  return (name: string, body: Body) => {
    cases.forEach((values, number) => {
      const given = Array.isArray(values) ? values : [values];
      add(`${format(name, ...given)} [${number}]`, () => body(...(given as never[])));
    });
  };
};

function describeOne(name: string, body: () => void): void {
  place(() => {
    const outer = path;
    path = [...outer, name];
    body();
    path = outer;
  });
}

function addTest(name: string, run: () => unknown): void {
  place(() => tests!.push({ name: [...path, name].join(' > '), run }));
}

export const describe = Object.assign(describeOne, { each: each(describeOne as never) });
export const it = Object.assign(addTest, { each: each(addTest) });
export { it as test };
