import type { ResolvedModel } from '#lib/pipeline/config/training.ts';
import type { Backbone } from './backbone.ts';
import { sasrec } from './sasrec.ts';

/** Every backbone by its name in the configuration. */
export const backbones: Readonly<Record<ResolvedModel['backbone'], Backbone>> = { sasrec } as never;
