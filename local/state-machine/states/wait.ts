import type { WaitState } from '../definition-schema.ts';
import type { Outcome, Visit } from '../visit.ts';

/** ISO 8601 with seconds and a time zone, the profile of RFC 3339 that the Amazon States Language asks for. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Waits for `Seconds`, or until `Timestamp`; not at all for a time that is over. */
export async function runWait(state: WaitState, visit: Visit): Promise<Outcome> {
  await visit.frame.services.sleep(await waitMilliseconds(state, visit), visit.frame.signal);
  return { output: await visit.complete(state, visit.input), next: state.Next };
}

async function waitMilliseconds(state: WaitState, visit: Visit): Promise<number> {
  if (state.Seconds !== undefined) {
    return 1000 * (await visit.evaluateNumber(state.Seconds, 'Seconds', { least: 0 }));
  }
  const timestamp = await visit.evaluate(state.Timestamp!, 'Timestamp');
  const time =
    typeof timestamp === 'string' && TIMESTAMP.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(time)) {
    throw visit.unexpected('Timestamp', 'a time such as "2026-01-31T04:00:00Z"', timestamp);
  }
  return Math.max(0, time - Date.now());
}
