import { type Html, type HtmlValue, html } from './html.ts';

export interface TableColumn {
  readonly title: HtmlValue;
  /** Numbers are set flush right. */
  readonly isNumber?: boolean;
  /** Long texts are wrapped even in the first column. */
  readonly isLong?: boolean;
}

/** A table with a caption; the first cell of each row is its header. Scrolls sideways on a narrow screen. */
export function dataTable(
  caption: string,
  columns: readonly TableColumn[],
  rows: readonly (readonly HtmlValue[])[],
): Html {
  const kind = (index: number) => {
    if (columns[index]!.isNumber) return 'number';
    return columns[index]!.isLong ? 'long' : 'text';
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${columns.map(
    (column, index) => html`<th scope="col" class="${kind(index)}">${column.title}</th>`,
  )}</tr></thead><tbody>${rows.map(
    ([first, ...others]) =>
      html`<tr><th scope="row" class="${kind(0)}">${first}</th>${others.map(
        (cell, index) => html`<td class="${kind(index + 1)}">${cell}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** A table that is folded away, as the numbers behind a picture are. */
export function foldedTable(...table: Parameters<typeof dataTable>): Html {
  return html`<details><summary>${table[0]} as a table</summary>${dataTable(...table)}</details>`;
}
