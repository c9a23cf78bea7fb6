import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '#lib/graph/compile.ts';
import { product } from '#lib/graph/operations/product.ts';
import { step } from '#lib/graph/program.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { readStepStatistics, type TracedNode } from './step-statistics.ts';
import { createSubject, type Setup } from './subject.ts';

/** What a step's time goes into, in the order of the table. */
const parts = ['productsOverItems', 'passesOverItems', 'tables', 'backbone'] as const;
type Part = (typeof parts)[number];

/** A profile of one step, by TensorFlow's own timing of each operation. */
export interface Profile {
  /** Operations, each at its fastest of the traced steps, summed; ms. */
  readonly milliseconds: number;
  readonly share: Readonly<Record<Part, number>>;
  /** Of all matrix products, from their shapes. */
  readonly gigaflop: number;
  /** GFLOP/s of the products over the catalogue, the time of these products alone. */
  readonly productsGigaflops: number;
  /** GFLOP/s of the whole step. */
  readonly stepGigaflops: number;
  /** The longest kinds of operation. */
  readonly longest: readonly { readonly what: string; readonly milliseconds: number }[];
}

/** The machine's product peak on one thread, GFLOP/s: the fastest of some plain products of 2,048 cubed. */
export function measurePeak(repeats: number): number {
  const size = 2048;
  const matrix = tf.variable(tf.randomNormal([size, size], 0, 1, 'float32', 1));
  const program = compile({
    variables: { matrix },
    steps: {
      multiply: step({
        inputs: {},
        run: () => {
          const square = matrix as unknown as tf.Tensor2D;
          return { corner: tf.slice(product(square, square), [0, 0], [1, 1]) };
        },
      }),
    },
    ownsVariables: true,
  });
  const seconds = Math.min(
    ...Array.from({ length: repeats }, () => processorSeconds(() => program.run('multiply', {}))),
  );
  program.dispose();
  return (2 * size ** 3) / seconds / 1e9;
}

/** @param repeats traced steps, after two others */
export function profileStep(setup: Setup, repeats: number): Profile {
  const subject = createSubject(setup);
  const folder = mkdtempSync(join(tmpdir(), 'step-trace-'));
  const file = join(folder, 'metadata.pb');
  const fastest = new Map<string, TracedNode>();
  try {
    subject.step();
    subject.step();
    for (let repeat = 0; repeat < repeats; repeat++) {
      process.env.STEP_TRACE = file;
      subject.step();
      process.env.STEP_TRACE = '';
      for (const node of readStepStatistics(readFileSync(file))) {
        const known = fastest.get(node.name);
        if (known === undefined || node.seconds < known.seconds) fastest.set(node.name, node);
      }
    }
  } finally {
    subject.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
  return summarise([...fastest.values()], setup);
}

type Shape = readonly number[];
type Sizes = Pick<Setup, 'items' | 'dimension'>;

/** Sorts the operations of a step into what they work on. */
export function summarise(nodes: readonly TracedNode[], setup: Sizes): Profile {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const seconds: Record<Part, number> = {
    productsOverItems: 0,
    passesOverItems: 0,
    tables: 0,
    backbone: 0,
  };
  const kinds = new Map<string, number>();
  let flop = 0;
  let flopOverItems = 0;
  for (const node of nodes) {
    const shapes = [
      ...node.outputs.slice(0, 1),
      ...node.inputs.flatMap((input) => byName.get(input)?.outputs.slice(0, 1) ?? []),
    ];
    const own = productFlop(node, shapes);
    const part = partOf(node, shapes, setup);
    flop += own;
    if (part === 'productsOverItems') flopOverItems += own;
    seconds[part] += node.seconds;
    const kind = `${nameOf(node)} ${shapes.slice(0, 1).map((shape) => `[${shape}]`)}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + node.seconds);
  }
  const total = Object.values(seconds).reduce((sum, each) => sum + each, 0);
  return {
    milliseconds: total * 1000,
    share: Object.fromEntries(
      parts.map((part) => [part, seconds[part] / total]),
    ) as Profile['share'],
    gigaflop: flop / 1e9,
    productsGigaflops: flopOverItems / seconds.productsOverItems / 1e9,
    stepGigaflops: flop / total / 1e9,
    longest: [...kinds]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 8)
      .map(([what, each]) => ({ what, milliseconds: each * 1000 })),
  };
}

/** The operation without the mark of who computes it. */
function nameOf({ operation }: TracedNode): string {
  return operation.replace(/^_(Mkl)?/, '');
}

const isProduct = (node: TracedNode) => /MatMul/.test(node.operation);

/**
 * Operations of a product of `[batch, m, k]` and `[batch, k, n]`, however they lie: the three sizes multiplied are
 * `batch^3 (m k n)^2`.
 */
function productFlop(node: TracedNode, shapes: readonly Shape[]): number {
  if (!isProduct(node) || shapes.length < 3) return 0;
  const sizes = shapes.slice(0, 3).map((shape) => shape.reduce((size, each) => size * each, 1));
  const batch = shapes[0]!.slice(0, -2).reduce((size, each) => size * each, 1);
  return 2 * Math.sqrt((sizes[0]! * sizes[1]! * sizes[2]!) / batch);
}

/** Tables are `[items, state]` or its transpose; values of places over the catalogue `[rows, items]`, or `[rows, groups, width]`. */
function partOf(node: TracedNode, shapes: readonly Shape[], setup: Sizes): Part {
  const isOver = shapes.some((shape) => shape.some((length) => isCatalogue(length, setup.items)));
  if (isProduct(node)) return isOver ? 'productsOverItems' : 'backbone';
  const isTable = shapes.some(
    (shape) =>
      shape.includes(setup.dimension) && shape.some((length) => isCatalogue(length, setup.items)),
  );
  if (isTable) return 'tables';
  const isGrouped = shapes.some(
    (shape) => shape.length === 3 && isCatalogue(shape[1]! * shape[2]!, setup.items),
  );
  return isOver || isGrouped ? 'passesOverItems' : 'backbone';
}

/** The catalogue, or the catalogue padded to whole groups. */
function isCatalogue(length: number, items: number): boolean {
  return length >= items && length < items + Math.sqrt(items) + 1;
}

function processorSeconds(work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

/** The table of docs/trainer.md; `peak` in GFLOP/s. */
export function* profileTable(
  profiles: readonly { readonly setup: Setup; readonly profile: Profile }[],
  peak: number,
): Generator<string> {
  const family = /^cpu family\s*: (\d+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  yield `${cpus()[0]?.model ?? 'unknown'}, family ${family ?? 'unknown'}, one thread; a product of 2,048 cubed: ${peak.toFixed(0)} GFLOP/s.`;
  yield '';
  yield '| backbone | items | window | GFLOP | ms | products over items | passes over items | tables | backbone | products, of peak | step, of peak |';
  yield '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|';
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  for (const { setup, profile } of profiles) {
    yield `| ${[
      setup.backbone,
      setup.items.toLocaleString('en'),
      setup.window,
      profile.gigaflop.toFixed(1),
      profile.milliseconds.toFixed(0),
      ...parts.map((part) => percent(profile.share[part])),
      percent(profile.productsGigaflops / peak),
      percent(profile.stepGigaflops / peak),
    ].join(' | ')} |`;
  }
}
