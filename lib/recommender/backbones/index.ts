import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { Backbone } from './backbone.ts';
import { caser } from './caser.ts';
import { gru4rec } from './gru4rec.ts';
import { nextitnet } from './nextitnet.ts';
import { sasrec } from './sasrec.ts';

/** Every backbone by its name in the configuration. */
export const backbones: Readonly<Record<ResolvedModel['backbone'], Backbone>> = {
  sasrec,
  gru4rec,
  caser,
  nextitnet,
};
