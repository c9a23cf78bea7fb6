import { ContractError } from '#lib/contracts/errors.ts';
import { type ParameterSpec, sizeOf } from './parameters.ts';
import type { TrainingProgram } from './training-program.ts';

/** A model of the same recipe that an earlier night trained. */
export interface EarlierModel {
  /** Of its best epoch, by name, the Q head's too. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Its vocabulary: item `i` at place `i - 1`. */
  readonly itemIds: readonly string[];
}

/** Where a training begins: an earlier model, and the vocabulary of the new one. */
export interface WarmStart {
  readonly earlier: EarlierModel;
  readonly itemIds: readonly string[];
}

/** Parameters with a row for each item. */
const itemTables: ReadonlySet<string> = new Set([
  'item_embedding',
  'supervised_head/kernel',
  'supervised_head/bias',
  'q_head/kernel',
  'q_head/bias',
]);

/**
 * What a model's parameters begin with: those of the earlier model, rows of items where the items are now. Items that the
 * earlier one did not know begin as in any training.
 *
 * @param initial of a training afresh, by name
 * @throws ContractError if the earlier model has other parameters
 */
export function warmParameters(
  specs: readonly ParameterSpec[],
  initial: (name: string) => Float32Array,
  { earlier, itemIds }: WarmStart,
): Map<string, Float32Array> {
  const places = new Map(earlier.itemIds.map((id, place) => [id, place]));
  return new Map(
    specs.map(({ name, shape }) => {
      const before = earlier.parameters.get(name);
      const isTable = itemTables.has(name);
      const width = isTable ? sizeOf(shape.slice(1)) : sizeOf(shape);
      const rows = isTable ? earlier.itemIds.length : 1;
      if (before === undefined || before.length !== rows * width) {
        throw new ContractError(
          `The model to start from has ${before === undefined ? 'no' : 'another'} "${name}": it is not of the same recipe.`,
        );
      }
      if (!isTable) return [name, before];
      const values = initial(name).slice(); // [items, width]
      itemIds.forEach((id, row) => {
        const place = places.get(id);
        if (place === undefined) return;
        values.set(before.subarray(place * width, (place + 1) * width), row * width);
      });
      return [name, values];
    }),
  );
}

/**
 * Puts what a training begins with into the variables of its networks.
 *
 * @throws ContractError if the earlier model has other parameters
 */
export function beginWarm(
  { program }: Pick<TrainingProgram, 'program'>,
  specs: readonly ParameterSpec[],
  warm: WarmStart,
): void {
  for (const network of ['main', 'second']) {
    const variable = (name: string) => `${network}/${name}`;
    if (program.variables[variable(specs[0]!.name)] === undefined) continue;
    const initial = (name: string) =>
      program.readVariables([variable(name)])[variable(name)] as Float32Array;
    const begun = [...warmParameters(specs, initial, warm)];
    program.writeVariables(
      Object.fromEntries(begun.map(([name, values]) => [variable(name), values])),
    );
  }
}
