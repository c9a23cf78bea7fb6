import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '#lib/report/html.ts';

describe('Function: html', () => {
  it('escapes any text so that it stays text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        // Act
        const page = html`<p title="${text}">${text}</p>`.text;

        // Assess
        const escaped = page.slice('<p title="'.length, page.indexOf('">'));
        expect(escaped).not.toMatch(/[<>"']/);
        const back = escaped
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&');
        expect(back).toBe(text);
        expect(page).toBe(`<p title="${escaped}">${escaped}</p>`);
      }),
    );
  });

  it('puts pieces together, joins lists and leaves out what is absent', () => {
    const items = ['a', 'b & c'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${undefined}${false}${0}${[1, [2]]}`.text).toBe(
      '<ul><li>a</li><li>b &amp; c</li></ul>012',
    );
  });
});
