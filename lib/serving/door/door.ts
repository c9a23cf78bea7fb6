import type { VariantsConfig } from '#lib/contracts/config/serving.ts';
import type { ImpressionLog } from '#lib/contracts/impression.ts';
import { impressionOf } from '../impression.ts';
import { assignVariant, championAlone } from '../variants.ts';
import { type InServiceOptions, inService } from './in-service.ts';
import type { ServingObjects } from './objects.ts';
import { type Operation, read } from './operations.ts';

export interface DoorOptions extends InServiceOptions {
  /** Where answers are kept; undefined keeps none. */
  readonly impressions: ImpressionLog | undefined;
  /** Told when one could not be kept: whoever asked gets the answer all the same. */
  readonly onLost: (error: unknown) => void;
  /** The clock, Unix milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** What answers, in the function and on one machine alike. */
export interface Door {
  /** Loads what is in service. @throws as `answer` */
  open(): Promise<void>;
  /**
   * @param asked a request, parsed
   * @param requestId names the answer
   * @throws ValidationError for a request that is wrong, before anything is loaded for it
   * @throws MissingArtefactError while nothing is in service
   */
  answer(operation: Operation, asked: unknown, requestId: string): Promise<unknown>;
}

export function createDoor(objects: ServingObjects, options: DoorOptions): Door {
  const { variants, impressions, onLost, now = Date.now } = options;
  const current = inService(objects, options);

  async function answer(operation: Operation, asked: unknown, requestId: string) {
    const { asker, answering } = read(operation, asked);
    const { champion, challenger } = await current();
    const assigned = split(variants, challenger && asker, requestId);
    const answer = await answering(
      assigned.variant === 'challenger' ? challenger! : champion,
      requestId,
    );
    const answered = { operation, userId: asker?.user_id, answer, assigned };
    await impressions?.add(impressionOf(answered, now())).catch(onLost);
    return answer;
  }

  return {
    async open() {
      await current();
    },
    answer,
  };
}

/** @param asker undefined where nobody is compared, as for items that resemble one */
function split(
  variants: VariantsConfig | null,
  asker: Parameters<typeof assignVariant>[1] | undefined,
  requestId: string,
) {
  return variants === null || asker === undefined
    ? championAlone
    : assignVariant(variants, asker, requestId);
}
