import type { Attribution } from '#lib/evaluation/attribution.ts';
import { wordOf } from '#lib/promotion/words.ts';
import { dataTable } from '../data-table.ts';
import { metric, percent, signed, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

/** What came of what was shown, and how many lines of the log of answers could not be read. */
export type ShownOutcome = Attribution & { readonly unreadable: number };

/** Whether people took what they were shown, of either model; undefined where nobody hears of it again. */
export function shownSection(shown: ShownOutcome | undefined): Html | undefined {
  if (shown === undefined) return undefined;
  const { variants, experiment, share, unreadable } = shown;
  return html`<p>${headline(shown)}</p>
<p>Lists that were shown from ${day(shown.from)} to ${day(shown.to)} (UTC), ${how(shown)}.${share < 1 && html` Of so many lists, those of ${percent(share)} of the users were looked at.`}${unreadable > 0 && html` ${whole(unreadable)} lines of the log of answers could not be read.`}</p>
${dataTable(
  experiment === null
    ? 'What came of the lists'
    : `What came of the lists of the experiment "${experiment}"`,
  [
    { title: 'answered by', isLong: true },
    { title: 'rate', isNumber: true },
    { title: 'lists', isNumber: true },
    { title: 'users', isNumber: true },
    { title: 'something was taken after', isNumber: true },
    { title: 'something of it was taken', isNumber: true },
  ],
  variants.map(({ variant, models, impressions, users, answered, taken, rate }) => [
    html`${variant}<br><small>${models.join(', ')}</small>`,
    html`${metric(rate.value)}<br><small>${rate.interval === null ? 'too few to tell' : `[${metric(rate.interval.low)}, ${metric(rate.interval.high)}]`}</small>`,
    whole(impressions),
    whole(users),
    whole(answered),
    whole(taken),
  ]),
)}`;
}

function headline({ variants, difference }: ShownOutcome): string {
  const [champion, challenger] = variants.map(({ variant }) => variant);
  if (challenger === undefined) {
    const [{ impressions, taken }] = variants as [Attribution['variants'][number]];
    return `Of ${whole(impressions)} lists of the ${champion}, something was taken of ${whole(taken)}.`;
  }
  if (difference === null) return 'Too little was taken to compare the two models.';
  const { value, low, high } = difference;
  return `The challenger against the champion: ${wordOf(difference)} (rate ${signed(value)}, 95 % interval ${signed(low)} to ${signed(high)}, over users).`;
}

function how({ by, window }: ShownOutcome): string {
  return by === 'recommendation_id'
    ? 'taken where the log names the list'
    : `taken where the user took an item of the list within ${Math.round((window / 3600) * 10) / 10} hours`;
}

const day = (seconds: number) =>
  new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
