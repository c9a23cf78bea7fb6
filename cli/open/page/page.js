/*
 * One address, one view: what follows the # says what is shown, so that back, forward and bookmarks work. Texts of people's
 * data become text nodes, never HTML.
 */

const $ = (id) => document.getElementById(id);

/** An element with attributes and children; texts are text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return made;
}

async function ask(name, parameters = {}) {
  const answer = await fetch(`/api/${name}?${new URLSearchParams(parameters)}`);
  const isJson = answer.headers.get('content-type') === 'application/json';
  if (answer.ok) return answer.json();
  throw new Error(isJson ? (await answer.json()).message : await answer.text());
}

const link = (to, ...children) => element('a', { href: to }, ...children);
const toItem = (id) => `#/item/${encodeURIComponent(id)}`;
const toUser = (id) => `#/user/${encodeURIComponent(id)}`;
const toHistory = (ids) => `#/history/${encodeURIComponent(JSON.stringify(ids))}`;
const minute = (iso) => (iso ? `${iso.slice(0, 16).replace('T', ' ')} UTC` : '');
const whole = (value) => value.toLocaleString('en-US');
const reward = (value) => value.toFixed(2).replace('-', '\u2212');

function table(caption, header, rows) {
  const head = header.map(({ title, kind }) => element('th', { scope: 'col', class: kind }, title));
  const body = rows.map((cells) =>
    element(
      'tr',
      {},
      cells.map((cell, at) => element('td', { class: header[at].kind }, cell)),
    ),
  );
  return element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    element(
      'table',
      { 'aria-label': caption },
      element('thead', {}, element('tr', {}, head)),
      element('tbody', {}, body),
    ),
  );
}

/** The title, which leads to similar items, with what else there is to say of it. */
function itemCell({ item_id, title }, ...more) {
  const details = [title === item_id ? undefined : item_id, ...more]
    .filter(Boolean)
    .join(' \u00b7 ');
  return [
    link(toItem(item_id), title),
    details === '' ? undefined : element('br'),
    details === '' ? undefined : element('small', {}, details),
  ];
}

function opinionCell(environment, id) {
  const opinion = environment?.items[id];
  if (opinion === undefined) return '\u2013';
  return [
    reward(opinion.reward),
    element('br'),
    element('small', {}, `\u00b1 ${opinion.spread.toFixed(2)} ${opinion.as}`),
  ];
}

function placeBefore(before, id, place) {
  const at = before.items.findIndex(({ item_id }) => item_id === id);
  if (at === -1) return element('span', { class: 'better' }, 'new');
  return at === place ? String(at + 1) : `${at + 1}`;
}

const by = ({ name, run }) => `${name} of run ${run}`;

function showRecommendation(made) {
  const { history, items, before, environment, champion, source, unknownItems } = made;
  const hasBefore = before.items !== undefined;
  const maker =
    source === 'model'
      ? by(champion)
      : 'what is popular of late, for the model knows none of the history';
  const list = table(
    `List by ${by(champion)}`,
    [
      { title: '#', kind: 'number' },
      { title: 'item', kind: 'item' },
      { title: 'score', kind: 'number' },
      ...(environment ? [{ title: 'environment', kind: 'number' }] : []),
      ...(hasBefore ? [{ title: 'before', kind: 'number' }] : []),
    ],
    items.map((item, place) => [
      String(place + 1),
      itemCell(item, item.source),
      item.score === undefined ? '\u2013' : item.score.toFixed(3),
      ...(environment ? [opinionCell(environment, item.item_id)] : []),
      ...(hasBefore ? [placeBefore(before, item.item_id, place)] : []),
    ]),
  );
  const known = history.toReversed();
  return [
    element('h1', {}, made.user_id === null ? 'Somebody who took these' : `User ${made.user_id}`),
    element(
      'div',
      { class: 'two' },
      element(
        'section',
        { 'aria-labelledby': 'list-title' },
        element('h2', { id: 'list-title' }, 'Gets'),
        element('p', { class: 'quiet' }, `By ${maker}, as of ${minute(made.time)}.`),
        unknownItems.length > 0 &&
          element('p', { class: 'quiet' }, `Unknown to the model: ${unknownItems.join(', ')}.`),
        items.length === 0 ? element('p', {}, 'Nothing: no item is left.') : list,
        environmentNote(made),
        beforeNote(before),
      ),
      element(
        'section',
        { 'aria-labelledby': 'history-title' },
        element('h2', { id: 'history-title' }, 'Took'),
        known.length === 0
          ? element('p', {}, 'Nothing.')
          : table(
              'History, the newest first',
              [
                { title: 'when', kind: 'number' },
                { title: 'item', kind: 'item' },
                ...(environment ? [{ title: 'environment', kind: 'number' }] : []),
              ],
              known.map((item) => [
                (item.time ?? '').slice(0, 10),
                itemCell(item),
                ...(environment ? [opinionCell(environment, item.item_id)] : []),
              ]),
            ),
      ),
    ),
  ];
}

function environmentNote({ user_id, environment }) {
  const text =
    user_id === null
      ? 'The environment is asked about histories of the log only.'
      : environment === null
        ? 'No answers of the environment are kept.'
        : Object.keys(environment.items).length === 0
          ? `In run ${environment.run} the environment was not asked about this user.`
          : `Environment: its reward in run ${environment.run}, with the spread over its heads, where it was asked about the item: as an action that was taken, or as a candidate of its own.`;
  return element('p', {}, element('small', {}, text));
}

function beforeNote(before) {
  if (before.items === undefined) return element('p', {}, element('small', {}, before.why));
  return element(
    'details',
    {},
    element('summary', {}, `The same list by ${by(before.champion)}, the champion before`),
    element(
      'ol',
      {},
      before.items.map((item) => element('li', {}, link(toItem(item.item_id), item.title))),
    ),
  );
}

const measures = {
  embedding: 'cosines of item vectors',
  'co-occurrence': 'what the same people take',
};

function showSimilar({ item, items, champion, source }) {
  return [
    element('h1', {}, `Like ${item.title}`),
    element(
      'p',
      { class: 'quiet' },
      `By ${measures[source]} in ${by(champion)}. `,
      link(toHistory([item.item_id]), 'What somebody gets who took it'),
    ),
    items.length === 0
      ? element('p', {}, 'Nothing resembles it.')
      : table(
          `Items like ${item.title}`,
          [
            { title: '#', kind: 'number' },
            { title: 'item', kind: 'item' },
            { title: 'likeness', kind: 'number' },
          ],
          items.map((one, place) => [String(place + 1), itemCell(one), one.score.toFixed(3)]),
        ),
  ];
}

function showNights({ nights }) {
  const ended = (night) =>
    night.failure?.Error
      ? `failed: ${night.failure.Error}`
      : (night.verdict ??
        (night.status === 'running' && !night.isAtWork ? 'stopped' : night.status));
  const name = ({ run, verdict }) =>
    verdict === undefined ? run : link(`/runs/${encodeURIComponent(run)}/report/index.html`, run);
  return [
    element('h1', {}, 'Nights'),
    nights.length > 0 &&
      element('p', {}, link('/reports/index.html', 'All nights on one page, with the trend')),
    nights.length === 0
      ? element('p', {}, 'None yet.')
      : table(
          'Nights, the newest first',
          [
            { title: 'night', kind: 'item' },
            { title: 'how it ended', kind: 'item' },
          ],
          nights.map((night) => [
            [name(night), element('br'), element('small', {}, minute(night.startedAt))],
            ended(night),
          ]),
        ),
  ];
}

function showUploads({ uploads, uploadsInAll }) {
  const describe = ({ upload, report }) => {
    const to = link(`#/upload/${encodeURIComponent(upload)}`, report?.file ?? upload);
    if (report === null) return [[to, element('br'), element('small', {}, 'being read')], '', ''];
    const { arrivedAt, status, insights, good, quarantined } = report;
    const remarks = { 0: [], 1: ['1 remark'] }[insights.length] ?? [`${insights.length} remarks`];
    const details = [minute(arrivedAt), status, ...remarks].join(' \u00b7 ');
    return [[to, element('br'), element('small', {}, details)], whole(good), whole(quarantined)];
  };
  return [
    element('h1', {}, 'Uploads'),
    uploads.length === 0
      ? element('p', {}, 'None yet.')
      : table(
          'Uploads, the newest first',
          [
            { title: 'file', kind: 'item' },
            { title: 'good', kind: 'number' },
            { title: 'quarantined', kind: 'number' },
          ],
          uploads.map(describe),
        ),
    uploadsInAll > uploads.length &&
      element('p', {}, `And ${uploadsInAll - uploads.length} earlier ones.`),
  ];
}

function showUpload({ report, quarantined }) {
  if (report === null) return [element('h1', {}, 'This upload is being read, or there is none')];
  const { reasons, insights } = report;
  return [
    element('h1', {}, report.file),
    element('p', {}, report.message),
    element(
      'p',
      { class: 'quiet' },
      `${minute(report.arrivedAt)}: ${whole(report.read)} rows read = ${whole(report.good)} good + ${whole(report.quarantined)} quarantined + ${whole(report.duplicate)} duplicate.`,
    ),
    element(
      'p',
      {},
      link(
        `/uploads/${encodeURIComponent(report.upload)}/page`,
        'With charts, beside the uploads before',
      ),
    ),
    reasons.length > 0 && element('h2', {}, 'Why rows are in quarantine'),
    reasons.length > 0 &&
      table(
        'Reasons',
        [
          { title: 'reason', kind: 'item' },
          { title: 'rows', kind: 'number' },
        ],
        reasons.map(({ reason, count, meaning, advice }) => [
          [reason, element('br'), element('small', {}, `${meaning} ${advice}`)],
          whole(count),
        ]),
      ),
    insights.length > 0 && element('h2', {}, 'Remarks'),
    insights.length > 0 &&
      element(
        'ul',
        {},
        insights.map(({ message, advice }) =>
          element('li', {}, message, ' ', element('small', {}, advice)),
        ),
      ),
    quarantined.length > 0 && element('h2', {}, 'Rows in quarantine, the first ones'),
    quarantined.length > 0 &&
      table(
        'Rows in quarantine',
        [
          { title: 'line', kind: 'number' },
          { title: 'what is wrong', kind: 'item' },
          { title: 'row', kind: 'code' },
        ],
        quarantined.map(({ line, detail, reason, row }) => [
          String(line ?? ''),
          detail ?? reason ?? '',
          String(row),
        ]),
      ),
  ];
}

/** Views by the first part of the address. */
const views = {
  '': { page: 'ask', title: 'Lists' },
  user: { page: 'ask', load: (user) => ask('recommend', { user }), show: showRecommendation },
  history: {
    page: 'ask',
    load: (history) => ask('recommend', { history }),
    show: showRecommendation,
  },
  item: { page: 'ask', load: (item) => ask('similar', { item }), show: showSimilar },
  nights: { page: 'nights', load: () => ask('status'), show: showNights },
  uploads: { page: 'uploads', load: () => ask('status'), show: showUploads },
  upload: { page: 'uploads', load: (upload) => ask('upload', { upload }), show: showUpload },
};

let latest = 0;

async function route() {
  const [name, rest] = /^#\/([a-z]*)\/?(.*)$/.exec(location.hash)?.slice(1) ?? ['', ''];
  const view = Object.hasOwn(views, name) ? views[name] : views[''];
  const turn = ++latest;
  for (const one of document.querySelectorAll('nav a')) {
    if (one.dataset.page === view.page) one.setAttribute('aria-current', 'page');
    else one.removeAttribute('aria-current');
  }
  $('ask').hidden = view.page !== 'ask';
  $('problem').hidden = true;
  try {
    const argument = decodeURIComponent(rest);
    await fillForms(name, argument);
    const shown = view.load === undefined ? [] : view.show(await view.load(argument));
    if (turn !== latest) return;
    $('shown').replaceChildren(...shown.filter(Boolean));
    document.title = `${$('shown').querySelector('h1')?.textContent ?? view.title} \u00b7 LEA`;
  } catch (error) {
    if (turn !== latest) return;
    $('shown').replaceChildren();
    complain(error.message);
  }
}

/** Items that the history form has. */
let taken = [];
/** What was proposed last: the text of an option and its item. */
const proposals = new Map();

async function fillForms(name, argument) {
  $('user').value = name === 'user' ? argument : '';
  if (name === 'history') taken = (await ask('titles', { items: argument })).items;
  else taken = [];
  $('taken').replaceChildren(
    ...taken.map(({ title }, place) => {
      const button = element(
        'button',
        { type: 'button', 'aria-label': `take ${title} out` },
        `${title} \u00d7`,
      );
      button.addEventListener('click', () => goTo(taken.filter((_, at) => at !== place)));
      return element('li', {}, button);
    }),
  );
}

function goTo(items) {
  location.hash = items.length === 0 ? '#/' : toHistory(items.map(({ item_id }) => item_id));
}

const optionText = ({ item_id, title }) => (title === item_id ? item_id : `${title} (${item_id})`);

/** Calls once typing has paused. */
function paused(work) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => work().catch(() => undefined), 150);
  };
}

async function proposeTitles(text) {
  const { items } = await ask('items', { text });
  proposals.clear();
  for (const item of items) proposals.set(optionText(item), item);
  $('titles').replaceChildren(
    ...items.map((item) => element('option', { value: optionText(item) })),
  );
  return items;
}

async function proposeUsers(begins) {
  const { users, anybody } = await ask('users', { begins });
  $('users').replaceChildren(...users.map((user) => element('option', { value: user })));
  return anybody;
}

$('user').addEventListener(
  'input',
  paused(() => proposeUsers($('user').value)),
);
$('title').addEventListener(
  'input',
  paused(() => proposeTitles($('title').value)),
);
$('by-user').addEventListener('submit', (event) => {
  event.preventDefault();
  if ($('user').value !== '') location.hash = toUser($('user').value.trim());
});
function complain(message) {
  $('problem').textContent = message;
  $('problem').hidden = false;
}

$('anybody').addEventListener('click', async () => {
  try {
    const anybody = await proposeUsers('');
    if (anybody === undefined) {
      complain('No histories were kept with what is in service: the next night keeps them.');
    } else location.hash = toUser(anybody);
  } catch (error) {
    complain(error.message);
  }
});
$('by-history').addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = $('title').value;
  const found =
    proposals.get(text) ?? (text.trim() === '' ? undefined : (await proposeTitles(text))[0]);
  if (found === undefined) {
    complain(
      text.trim() === '' ? 'Type a part of a title first.' : `No title has "${text}" in it.`,
    );
    return;
  }
  $('title').value = '';
  goTo([...taken, found]);
});
addEventListener('hashchange', async () => {
  await route();
  // Whoever followed a link of the content reads on there; whoever fills a form stays in it.
  if (!document.activeElement?.closest('form')) $('main').focus({ preventScroll: false });
});

async function showService() {
  const { champion, running } = await ask('status');
  const inService =
    champion === null
      ? 'Nothing is in service yet.'
      : `In service: ${by(champion)} since ${minute(champion.rolledBackAt ?? champion.promotedAt)}.`;
  $('service').textContent =
    running === null ? inService : `${inService} At work: run ${running.run}.`;
}

showService().catch(() => undefined);
proposeUsers('').catch(() => undefined);
await route();
