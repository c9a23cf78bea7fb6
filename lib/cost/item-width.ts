import type { ResolvedModel } from '#lib/contracts/config/training.ts';

/**
 * Numbers of four bytes that an item takes in a table of a model. Of items that are made of parts it is their codes that take memory:
 * a byte each, two copies of four bytes in training and two in what is kept, and biases, as much as about half a number a
 * codebook in each of a model's tables (`npm run bench -- trainer --only codes`).
 */
export const itemWidth = ({
  dimension,
  itemCodes,
}: Pick<ResolvedModel, 'dimension' | 'itemCodes'>): number =>
  itemCodes === undefined ? dimension : itemCodes.codebooks / 2;
