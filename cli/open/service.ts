import { type Champion, championPointer } from '#lib/contracts/champion.ts';
import { serving } from '#lib/contracts/keys.ts';
import { championsBackFrom, missingModelFiles } from '#lib/promotion/champion.ts';
import { loadCounts, loadRecommender } from '#lib/serving/champion-model.ts';
import type { Recommender } from '#lib/serving/recommender.ts';
import type { Objects } from '#platform/objects.ts';
import { type InService, openInService } from '../artefacts/recommendation.ts';
import { createEnvironmentView, type EnvironmentView } from './environment-view.ts';

/** What the page asks: who is in service, whom he replaced, and what the environment has said. */
export interface Opened {
  readonly now: InService;
  readonly before: Before;
  readonly environment: EnvironmentView;
}

/** The champion before, or why it cannot be asked. */
export type Before =
  | { readonly champion: Champion; readonly model: Recommender }
  | { readonly why: string };

export interface Service {
  /**
   * Does something with what is in service, one after the other; what has been replaced meanwhile is read anew.
   *
   * @throws MissingArtefactError while nothing is in service
   */
  use<Result>(work: (opened: Opened) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Opens models when they are asked for the first time. */
export function createService(objects: Objects): Service {
  let opened: Opened | undefined;
  let version = '';
  let last: Promise<unknown> = Promise.resolve();

  async function current(): Promise<Opened> {
    const pointers = [serving.champion, serving.everybody, serving.freshCounts];
    const found = await Promise.all(pointers.map((key) => objects.head(key)));
    const newest = found.map((one) => one?.etag).join();
    if (opened === undefined || newest !== version) {
      dispose();
      opened = await open(objects);
      version = newest;
    }
    return opened;
  }

  function dispose(): void {
    opened?.now.model.dispose();
    if (opened !== undefined && 'model' in opened.before) opened.before.model.dispose();
    opened = undefined;
  }

  return {
    use(work) {
      const result = last.then(async () => work(await current()));
      last = result.catch(() => undefined);
      return result;
    },
    async close() {
      await last;
      dispose();
    },
  };
}

async function open(objects: Objects): Promise<Opened> {
  const now = await openInService(objects);
  return {
    now,
    before: await openBefore(objects),
    environment: createEnvironmentView(objects),
  };
}

async function openBefore(objects: Objects): Promise<Before> {
  const pointer = await objects.getVersion(serving.champion, championPointer);
  if (pointer === undefined) return { why: 'Nothing is in service.' };
  for await (const champion of championsBackFrom(objects, pointer.value, 2)) {
    if (champion.run === pointer.value.run) continue;
    const missing = await missingModelFiles(objects, champion.serving);
    const name = `${champion.name} of run ${champion.run}`;
    if (missing.length > 0) return { why: `The files of ${name}, the champion before, are gone.` };
    const counts = await loadCounts(objects);
    return { champion, model: await loadRecommender(objects, champion, { counts }) };
  }
  return { why: 'There was no champion before this one.' };
}
