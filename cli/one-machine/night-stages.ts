import type { ContainerProgress } from '#local/sagemaker/container.ts';
import type { ExecutionEvent } from '#local/state-machine/run.ts';
import { explainCause } from '../artefacts/causes.ts';
import { describeLeft, NightClock } from './night-clock.ts';
import type { Progress } from './progress.ts';
import { type Durations, isLong, isWhole, usualDurations, wordsOf, wordsOfPart } from './stages.ts';

/** Tells how a night goes: what it does, how far it is, and about how long all of it takes. */
export class NightStages {
  readonly #progress: Progress;
  readonly #clock: NightClock;
  readonly #run: string;
  #state = '';
  /** Of a state that goes through items: those that have ended, and all. */
  #items: { readonly done: number; readonly total: number } | undefined;
  /** How far the items at work are, by job: several may be at the same time. */
  readonly #shares = new Map<string, number>();

  /** @param before what the stages of the night before took in this folder; undefined for the first */
  constructor(progress: Progress, run: string, before: Durations | undefined) {
    this.#progress = progress;
    this.#run = run;
    this.#clock = new NightClock(planOf(before));
  }

  get took(): Durations {
    return this.#clock.took;
  }

  event(event: ExecutionEvent): void {
    const { state } = event;
    const isInside = event.path !== state;
    switch (event.type) {
      case 'state-entered':
        if (!isInside) this.#enter(state);
        break;
      case 'state-exited':
        if (isInside) break;
        this.#clock.leave();
        if (event.stateType !== 'Wait') this.#progress.done(wordsOf(state) ?? state, event.seconds);
        break;
      case 'state-retried':
        this.#progress.say(
          `${named(state)}: trying again in ${event.delaySeconds.toFixed(0)} s (${describe(event)})`,
        );
        break;
      case 'state-failed':
        // What nothing catches here is told again by the state around it.
        if (event.caughtBy !== undefined) {
          this.#progress.say(`${named(state)} failed: ${describe(event)}`);
        }
        break;
      case 'map-progress':
        this.#goThrough(event);
        break;
    }
  }

  /** What a container of the state says. */
  container({ name, stage, progress, values }: ContainerProgress): void {
    const items = this.#items;
    if (isLong(stage)) {
      if (items === undefined) this.#clock.at(progress, stage);
      else {
        this.#shares.set(name, progress);
        const atWork = [...this.#shares.values()].reduce((sum, share) => sum + share, 0);
        this.#clock.at((items.done + atWork) / items.total);
      }
    }
    const loss = values.loss === undefined ? '' : `loss ${values.loss}`;
    this.#working(`${wordsOf(this.#state) ?? name}${this.#modelOf(name)}`, {
      stage: wordsOfPart(stage),
      progress,
      note: loss,
    });
  }

  #enter(state: string): void {
    this.#state = state;
    this.#items = undefined;
    this.#clock.enter(state);
  }

  #goThrough({ state, path, done, failed, total }: ExecutionEvent & { type: 'map-progress' }) {
    const ended = done + failed;
    if (path === state || isWhole(state)) {
      this.#items = { done: ended, total: Math.max(1, total) };
      // Who has ended is not said; those at work will speak again.
      this.#shares.clear();
      this.#clock.at(total === 0 ? 1 : ended / total);
    }
    this.#working(wordsOf(state) ?? state, {
      stage: `${done} of ${total}${failed > 0 ? `, ${failed} failed` : ''}`,
      progress: total === 0 ? 1 : ended / total,
      note: '',
    });
  }

  #working(what: string, at: { stage: string; progress: number; note: string }): void {
    const left = this.#clock.left();
    const notes = [at.note, left === undefined ? '' : describeLeft(left)];
    this.#progress.working(what, { ...at, note: notes.filter((note) => note !== '').join(', ') });
  }

  /** Which of several models a job is about: jobs are called `<deployment>--<run>-<attempt>-<model>-<try>`. */
  #modelOf(job: string): string {
    if (this.#items === undefined) return '';
    const at = job.indexOf(`--${this.#run}-`);
    const rest = at === -1 ? job : job.slice(at + this.#run.length + 3);
    return ` (${rest.replace(/^\d+-/, '').replace(/-\d+$/, '')})`;
  }
}

/** The words, and the name by which a state is found in logs and documents. */
const named = (state: string): string => {
  const words = wordsOf(state);
  return words === undefined ? state : `${words} (${state})`;
};

/** What the night before did not do is not expected of this one. */
function planOf(before: Durations | undefined): Durations {
  if (before === undefined) return usualDurations;
  return Object.fromEntries(
    Object.keys(usualDurations).map((stage) => [stage, before[stage] ?? 0]),
  );
}

/** The error's name, and the first line of what it says. */
function describe({ error, cause }: { error: string | undefined; cause: string | undefined }) {
  const [line = ''] = explainCause(cause ?? '').split('\n');
  return line === '' ? error : `${error}: ${line}`;
}
