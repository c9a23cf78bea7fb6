import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import { InteractionLog } from '#lib/sequences/interaction-log.ts';
import { auditData, type DataAudit, describeAudit } from './audit.ts';

/** Rows that are kept for an audit: beyond, it would take longer than reading them does. */
export const mostRows = 1_000_000;

/** Rows of files, kept as a run would take them, to say what evaluation will meet in them. */
export class AuditedRows {
  readonly #log: InteractionLog;
  readonly #known: ReadonlySet<string> | undefined;
  #rows = 0;

  /** @param known items of the catalogue; undefined without one */
  constructor(config: InteractionsConfig, known: ReadonlySet<string> | undefined) {
    this.#log = new InteractionLog(config);
    this.#known = known;
  }

  /** @param file whose row it is, named in ties of time */
  add(row: Interaction, file: string): void {
    if (this.#known !== undefined && !this.#known.has(row.item_id)) return;
    if (this.#rows++ < mostRows) this.#log.add(row, this.#log.part(file));
  }

  /** What the split will hold out and what of it deserves attention; why not, where there is too little or too much. */
  async describe(
    config: SequencesConfig,
  ): Promise<{ readonly lines: string[]; readonly audit?: DataAudit }> {
    if (this.#rows > mostRows) {
      return { lines: [`not audited: more than ${mostRows.toLocaleString('en-US')} rows`] };
    }
    // What rows are told of does not wait for it.
    const { buildSequences } = await import('#lib/sequences/build.ts');
    this.#log.takeBack();
    try {
      const built = buildSequences(this.#log, config);
      const { testCases, split } = built.manifest;
      const audit = auditData(built);
      const cases = `split ${split}, ${testCases.toLocaleString('en-US')} test cases`;
      return { lines: [cases, ...describeAudit(audit)], audit };
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      return { lines: [`not audited, too little by itself: ${error.message}`] };
    }
  }
}
