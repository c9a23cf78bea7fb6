import type { Durations } from './stages.ts';

/** Seconds of planned work after which this machine's speed is known well enough to speak of it. */
const KNOWN_SECONDS = 10;
/** A stage that took less than this share of what was planned was taken over from before. */
const TAKEN_OVER_SHARE = 0.2;
/** From this share of a stage on, its own pace says more than that of the stages before. */
const OWN_PACE_SHARE = 0.1;

/**
 * How much of a night is left: of the stage at work by its own pace, of those to come by what they took in the night
 * before (or usually), slowed or sped up by as much as those behind were.
 */
export class NightClock {
  /** What each stage has taken, in seconds. */
  readonly took: Record<string, number> = {};
  readonly #plan: readonly (readonly [string, number])[];
  readonly #now: () => number;
  #state = '';
  #stage: string | undefined;
  #since = 0;
  #share = 0;
  /** How far it was when it was first heard of: what goes on was begun before. */
  #from: number | undefined;
  /** Stages of the plan before this place are behind. */
  #place = 0;

  /**
   * @param plan the long stages in their order, and what they are expected to take
   * @param now in milliseconds
   */
  constructor(plan: Durations, now: () => number = Date.now) {
    this.#plan = Object.entries(plan);
    this.#now = now;
  }

  /** A state of the night begins. */
  enter(state: string): void {
    this.#state = state;
    this.#begin(state);
  }

  /** It has ended. */
  leave(): void {
    this.#end();
  }

  /** How far the state is (0 to 1), or a part of it that the plan knows. */
  at(share: number, part?: string): void {
    const named = `${this.#state}/${part}`;
    const stage = this.#plan.some(([name]) => name === named) ? named : this.#state;
    if (stage !== this.#stage) this.#begin(stage);
    this.#share = Math.min(1, Math.max(0, share));
    this.#from ??= this.#share < OWN_PACE_SHARE ? 0 : this.#share;
  }

  /** Seconds; undefined while too little is known. */
  left(): number | undefined {
    const current = this.#plan[this.#place];
    const isAtWork = current !== undefined && current[0] === this.#stage;
    const share = isAtWork ? this.#share : 0;
    const own = share - (this.#from ?? 0);
    const elapsed = (this.#now() - this.#since) / 1000;
    let planned = isAtWork ? own * current[1] : 0;
    // What nobody expected says nothing of this machine's speed.
    let took = planned > 0 ? elapsed : 0;
    for (const [stage, seconds] of this.#plan.slice(0, this.#place)) {
      const before = this.took[stage];
      if (seconds === 0 || before === undefined) continue;
      if (before < seconds * TAKEN_OVER_SHARE) continue;
      planned += seconds;
      took += before;
    }
    if (planned < KNOWN_SECONDS) return undefined;
    const pace = took / planned;
    const ahead = this.#plan
      .slice(this.#place + (isAtWork ? 1 : 0))
      .reduce((sum, [, seconds]) => sum + seconds, 0);
    if (!isAtWork) return pace * ahead;
    const here =
      own >= OWN_PACE_SHARE ? (elapsed * (1 - share)) / own : pace * current[1] * (1 - share);
    return here + pace * ahead;
  }

  #begin(stage: string): void {
    this.#end();
    this.#stage = stage;
    this.#since = this.#now();
    this.#share = 0;
    this.#from = undefined;
    // The first part of a state stands for its beginning.
    const place = this.#plan.findIndex(([name]) => name === stage || name.startsWith(`${stage}/`));
    if (place >= this.#place) this.#place = place;
  }

  #end(): void {
    if (this.#stage === undefined) return;
    const seconds = (this.#now() - this.#since) / 1000;
    this.took[this.#stage] = (this.took[this.#stage] ?? 0) + seconds;
    if (this.#plan[this.#place]?.[0] === this.#stage) this.#place++;
    this.#stage = undefined;
  }
}

/** `about 9 min left` */
export function describeLeft(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(10, Math.round(seconds / 10) * 10)} s left`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${(seconds / 3600).toFixed(1)} h left`;
}
