import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { auxiliary } from './auxiliary.ts';
import type { Objective } from './objective.ts';
import { sa2c } from './sa2c.ts';
import { sac } from './sac.ts';
import { snqn } from './snqn.ts';
import { sqn } from './sqn.ts';
import { supervised } from './supervised.ts';

/** Every objective by its name in the configuration. */
export const objectives: Readonly<Record<ResolvedModel['objective'], Objective>> = {
  supervised,
  auxiliary,
  sqn,
  sac,
  snqn,
  sa2c,
};
