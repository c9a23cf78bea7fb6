import type { ItemCodesConfig, ResolvedModel } from '#lib/contracts/config/training.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { blankMaker } from '#lib/graph/blank.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { type Backbone, type BackboneShape, itemEmbedding } from './backbones/backbone.ts';
import { backbones } from './backbones/index.ts';
import { stateMap, stateMapSpec } from './distillation.ts';
import { environmentMap, qHeadSpecs, supervisedHeadSpecs } from './heads.ts';
import { codedSpecs, isItemTable } from './item-table.ts';
import { objectives } from './objectives/index.ts';
import type { ParameterSpec, Weights } from './parameters.ts';
import { type TextTable, textSpecs } from './text-table.ts';

/** A model's backbone, its shape and all its parameters. */
export interface Network {
  readonly backbone: Backbone;
  readonly shape: BackboneShape;
  readonly specs: readonly ParameterSpec[];
  /** Length of the LE state, 0 if the model does not see it. */
  readonly environmentDimension: number;
  /** Undefined for a model that learns its items from actions alone. */
  readonly text: TextTable | undefined;
  /** Undefined for a model whose items have vectors of their own. */
  readonly itemCodes: ItemCodesConfig | undefined;
}

/**
 * The network that a model's settings describe.
 *
 * @param items size of the vocabulary
 * @param window longest history in the sequences
 * @param environmentDimension length of the LE's states, undefined if there are none
 * @param textDimension length of the items' vectors, undefined if there are none
 * @param baskets actions of one time are a basket
 * @throws ConfigError if the settings contradict each other
 */
export function describeNetwork(
  model: ResolvedModel,
  items: number,
  window: number,
  environmentDimension: number | undefined,
  textDimension?: number,
  baskets = false,
): Network {
  expectAttention(model, baskets);
  if (model.backbone === 'sasrec' && model.dimension % model.heads !== 0) {
    throw new ConfigError(
      `Model ${model.name}: dimension ${model.dimension} is not a multiple of ${model.heads} heads.`,
    );
  }
  const backbone = backbones[model.backbone];
  const shape: BackboneShape = {
    items,
    dimension: model.dimension,
    blocks: model.blocks,
    heads: model.heads,
    window: Math.min(model.window ?? window, window),
    positionsFrom: model.positionsFrom,
    timeAttention: model.timeAttention,
    baskets,
  };
  const stateDimension = backbone.stateDimension(shape);
  const objective = objectives[model.objective];
  const enriches = model.lea?.state === 'q_only' && objective.usesQHead;
  const distils = (model.lea?.stateWeight ?? 0) > 0;
  const seen = enriches || distils ? environmentDimension : undefined;
  if (model.text !== undefined && textDimension === undefined) {
    throw new ConfigError(
      `Model ${model.name} uses its items' texts, but there are no item vectors.`,
    );
  }
  const text =
    model.text === undefined ? undefined : { dimension: textDimension!, settings: model.text };
  const qHead = objective.usesQHead
    ? qHeadSpecs(items, stateDimension, enriches ? seen : undefined)
    : [];
  const specs: ParameterSpec[] = [
    {
      name: itemEmbedding,
      shape: [items, shape.dimension],
      initialiser: { kind: 'normal', deviation: 0.01 },
    },
    ...backbone.parameterSpecs(shape),
    ...supervisedHeadSpecs(model.head, backbone, shape),
    ...qHead,
    ...(distils && seen !== undefined ? [stateMapSpec(stateDimension, seen)] : []),
  ];
  const { itemCodes } = model;
  if (itemCodes !== undefined) expectCodes(model, itemCodes, specs);
  return {
    backbone,
    shape,
    environmentDimension: seen ?? 0,
    text,
    itemCodes,
    specs:
      text !== undefined
        ? textSpecs(specs, text)
        : itemCodes !== undefined
          ? codedSpecs(specs, itemCodes)
          : specs,
  };
}

/** Vectors are made of their parts, and of nothing else. */
function expectCodes(
  { name, text }: ResolvedModel,
  { codebooks }: ItemCodesConfig,
  specs: readonly ParameterSpec[],
): void {
  if (text !== undefined) {
    throw new ConfigError(
      `Model ${name}: "itemCodes" and "text" are two ways to make items' vectors; take one of them.`,
    );
  }
  const uneven = specs.find(({ name, shape }) => isItemTable(name) && shape[1]! % codebooks !== 0);
  if (uneven !== undefined) {
    throw new ConfigError(
      `Model ${name}: the vectors of "${uneven.name}" have ${uneven.shape[1]} numbers, which is not a multiple of ${codebooks} codebooks. Set dimension or itemCodes.codebooks accordingly.`,
    );
  }
}

/** Time and baskets are matters of attention, and of training on whole histories. */
function expectAttention(
  { name, backbone, preset, timeAttention, futureActions }: ResolvedModel,
  baskets: boolean,
): void {
  const isAttentive = backbone === 'sasrec' && preset === 'sound';
  if (timeAttention && !isAttentive) {
    throw new ConfigError(
      `Model ${name}: "timeAttention" is for backbone sasrec with preset sound, not for ${backbone} with preset ${preset}.`,
    );
  }
  if (baskets && !isAttentive) {
    throw new ConfigError(
      `Model ${name}: the interactions come in baskets, which ${backbone} with preset ${preset} would read in an order that they do not have. Take backbone sasrec with preset sound, or set sequences.baskets to "off".`,
    );
  }
  if (baskets && futureActions > 0) {
    throw new ConfigError(
      `Model ${name}: the interactions come in baskets, whose items are predicted together already. Set futureActions to 0, or sequences.baskets to "off".`,
    );
  }
}

/** Names of the parameters that serving needs: all but the Q head's and the maps from and to the LE's states. */
export function servedSpecs(network: Network): ParameterSpec[] {
  return network.specs.filter(
    ({ name }) => !name.startsWith('q_head/') && name !== environmentMap && name !== stateMap,
  );
}

let created = 0;

/**
 * TF.js variables of one copy of a network, by parameter name.
 *
 * @param copy begins the variables' TF.js names
 * @param initial see `initialise`
 */
export function createVariables(
  copy: string,
  initial: ReadonlyMap<string, Weights>,
): Record<string, tf.Variable> {
  return Object.fromEntries(
    [...initial].map(([name, { shape, values }]) => [
      name,
      variableOf(copy, name, tf.tensor(values, [...shape])),
    ]),
  );
}

/** The same of which nobody looks at the values, for a step to be recorded. */
export function blankVariables(
  copy: string,
  specs: readonly ParameterSpec[],
): Record<string, tf.Variable> {
  const makeBlank = blankMaker();
  return Object.fromEntries(
    specs.map(({ name, shape }) => [name, variableOf(copy, name, makeBlank(shape))]),
  );
}

function variableOf(copy: string, name: string, tensor: tf.Tensor): tf.Variable {
  // TF.js wants names that no living variable of the process has.
  const variable = tf.variable(tensor, true, `${copy}/${name}#${created++}`);
  tensor.dispose();
  return variable;
}
