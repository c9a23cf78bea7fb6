import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NightStages } from '#cli/one-machine/night-stages.ts';
import { Progress } from '#cli/one-machine/progress.ts';
import { usualDurations, wordsOf } from '#cli/one-machine/stages.ts';
import type { ExecutionEvent } from '#local/state-machine/run.ts';

/** A terminal on which every line is seen. */
function terminal() {
  const lines: string[] = [];
  const write = (text: string) => {
    const shown = text
      .replace('\r\u001b[K', '')
      .replace(/^ *\d+ s {2}/, '')
      .trimEnd();
    if (shown !== '') lines.push(shown);
    return true;
  };
  const out = { isTTY: true, columns: 200, write } as unknown as NodeJS.WriteStream;
  return { lines, progress: new Progress(Date.now(), out) };
}

const event = (state: string, detail: Partial<ExecutionEvent> & { type: ExecutionEvent['type'] }) =>
  ({ time: 0, execution: 'e', path: state, state, stateType: 'Task', ...detail }) as ExecutionEvent;

const said = (name: string, stage: string, progress: number, values = {}) => ({
  name,
  stage,
  progress,
  values: { stage, progress: String(progress), ...values },
});

describe('Class: NightStages', () => {
  it('says in words what is done, how far it is and what is left of the night', () => {
    const { lines, progress } = terminal();
    const before = { ...usualDurations, BuildSequences: 0, 'FitEnvironmentJob/item-tokens': 0 };
    const stages = new NightStages(progress, '2026-11-29', before);
    const job = 'lea-dev--2026-11-29-1-environment-0';

    stages.event(event('FitEnvironmentJob', { type: 'state-entered' }));
    stages.container(said(job, 'adapter', 0.01));
    stages.container(said(job, 'adapter', 0.5, { loss: '5.7', stateLoss: '5.3' }));
    stages.event(event('FitEnvironmentJob', { type: 'state-exited', seconds: 64.24 }));

    expect(lines[1]).toMatch(
      /^adapting the language model: what people did \[#{12}\.{12}\] 50 % {2}loss 5\.7, about 10 s left$/,
    );
    expect(lines[2]).toMatch(/^adapting the language model +64\.2 s$/);
    expect(Object.keys(stages.took)).toContain('FitEnvironmentJob/adapter');
  });

  it('says which of several models is trained', () => {
    const { lines, progress } = terminal();
    const stages = new NightStages(progress, '2026-11-29-2', undefined);
    const counts = { done: 1, failed: 0, total: 2 };
    const path = 'TrainRecommenders[0].Recommenders';
    const map = event('Recommenders', { type: 'map-progress', path, ...counts });

    stages.event(event('TrainRecommenders', { type: 'state-entered' }));
    stages.event(map);
    stages.container(said('lea-dev--2026-11-29-2-1-sasrec-snqn-lea-0', 'train', 0.25));

    expect(lines[0]).toMatch(/^training the recommenders: 1 of 2 /);
    expect(lines[1]).toMatch(
      /^training the recommenders \(sasrec-snqn-lea\): training \[#{6}\.+\] 25 %/,
    );
  });

  it('names a state that failed as logs and documents do', () => {
    const { lines, progress } = terminal();
    const stages = new NightStages(progress, 'one', undefined);

    stages.event(
      event('FitRivals', { type: 'state-failed', error: 'Lambda', cause: 'no', caughtBy: 'Fail' }),
    );

    expect(lines).toEqual(['counting, for the rivals (FitRivals) failed: Lambda: no']);
  });

  it('has words for every state of the night that takes time', () => {
    const definition: { States: Record<string, { Type: string }> } = JSON.parse(
      readFileSync('docs/state-machine.json', 'utf8'),
    );
    const working = Object.entries(definition.States)
      .filter(([, { Type }]) => ['Task', 'Map', 'Parallel', 'Wait'].includes(Type))
      .map(([name]) => name);

    expect(working.filter((name) => wordsOf(name) === undefined)).toEqual([]);
    expect(
      Object.keys(usualDurations).filter((stage) => !working.includes(stage.split('/')[0]!)),
    ).toEqual([]);
  });
});
