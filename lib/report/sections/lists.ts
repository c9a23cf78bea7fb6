import { dataTable } from '../data-table.ts';
import { percent, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { Served } from '../summary.ts';

/** Some users' lists before this run and from now on. */
export interface ShownLists {
  /** Who made the lists before; undefined if nobody did, or the same as now. */
  readonly before: string | undefined;
  readonly after: string;
  readonly users: readonly {
    /** Titles of the newest items, the oldest first. */
    readonly history: readonly string[];
    /** Titles, best first. */
    readonly before: readonly string[] | undefined;
    readonly after: readonly string[];
  }[];
}

/** What is shown to whom: how many are served at all, and the lists of some of them. */
export function listsSection(
  lists: ShownLists | undefined,
  served: Served | undefined,
): Html | undefined {
  if (lists === undefined || served === undefined) return undefined;
  const { before, after, users } = lists;
  return html`<p>${after} is in service. ${whole(served.users)} of ${whole(served.knownUsers)} users get lists (${share(served.users, served.knownUsers)}), and ${whole(served.items)} of ${whole(served.knownItems)} items can be in them (${share(served.items, served.knownItems)}).</p>
${dataTable(
  before === undefined ? 'Lists of users drawn at random' : `Lists before (${before}) and now`,
  [
    { title: 'took', isLong: true },
    ...(before === undefined ? [] : [{ title: 'before', isLong: true }]),
    { title: 'now', isLong: true },
  ],
  users.map((user) => [
    user.history.join(' → '),
    ...(before === undefined ? [] : [listOf(user.before ?? [], [])]),
    listOf(user.after, user.before ?? user.after),
  ]),
)}`;
}

/** A list; what is not among the known titles is set in bold. */
function listOf(titles: readonly string[], known: readonly string[]): Html {
  return html`<ol>${titles.map((title) =>
    known.length === 0 || known.includes(title)
      ? html`<li>${title}</li>`
      : html`<li><strong>${title}</strong></li>`,
  )}</ol>`;
}

const share = (part: number, all: number) => percent(part / Math.max(1, all));
