import { type Html, type HtmlValue, html } from './html.ts';
import { style } from './style.ts';

/** A part of a page that is found by its title; without content it is left out. */
export type Section = readonly [id: string, title: string, content: Html | false | undefined];

/** An HTML file without any external resource, so that it can be mailed, archived and opened anywhere. */
export function renderPage({
  title,
  ownStyle,
  body,
}: {
  readonly title: string;
  /** A style element for what this page alone has. */
  readonly ownStyle?: Html;
  readonly body: Html;
}): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${style}${ownStyle && html`\n${ownStyle}`}
</head>
<body>
${body}
</body>
</html>
`;
  return page.text;
}

/**
 * The body of a page of sections, with a list of them at its top.
 *
 * @param head what is said before all else
 * @param links what the list leads to besides, each in a list item
 */
export function bodyOfSections(
  head: HtmlValue,
  sections: readonly Section[],
  links: readonly Html[] = [],
): Html {
  const shown = sections.filter(([, , content]) => content !== undefined && content !== false);
  return html`<header>
${head}
<nav aria-label="Sections"><ul>${shown.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}${links}</ul></nav>
</header>
<main>
${shown.map(([id, title, content]) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content}</section>\n`)}</main>`;
}
