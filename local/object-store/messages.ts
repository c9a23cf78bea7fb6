import { join } from 'node:path';
import type { Queue, QueueMessage, QueueStore } from './fauxqs.ts';
import { Journal } from './journal.ts';

type Entry =
  | { readonly op: 'put'; readonly queue: string; readonly message: QueueMessage }
  | { readonly op: 'received'; readonly id: string; readonly count: number }
  | { readonly op: 'delete'; readonly id: string };

/**
 * Keeps the queues' messages over a restart, through the hooks that fauxqs has for persistence. What was being
 * worked on when the process died becomes visible again with its receive count, as after a visibility timeout:
 * delivery is at least once. (fauxqs' own SQLite mode fails on ChangeMessageVisibility.)
 */
export class MessageJournal {
  readonly #messages = new Map<string, { queue: string; message: QueueMessage }>();
  readonly #journal: Journal<Entry>;
  readonly #deleted = new Set<string>();
  readonly #onWarning: (message: string) => void;

  constructor(dir: string, onWarning: (message: string) => void) {
    this.#onWarning = onWarning;
    this.#journal = new Journal(join(dir, 'messages.jsonl'), (entry) => this.#apply(entry));
    this.#journal.compact(
      [...this.#messages.values()].map((stored) => ({ op: 'put' as const, ...stored })),
    );
  }

  /** Makes fauxqs tell of every change. */
  attach(store: QueueStore): void {
    store.persistence = this as unknown as NonNullable<QueueStore['persistence']>;
  }

  /** Puts back what a queue of this name held; called once, when the queue is created. */
  restore(queue: Queue): void {
    for (const { queue: name, message } of [...this.#messages.values()]) {
      if (name === queue.name) queue.enqueue(message);
    }
  }

  close(): void {
    this.#flush();
    this.#journal.close();
  }

  // Called by fauxqs. A message that cannot be written down is refused. That one was received or deleted only saves
  // work: where it cannot be written down, a restart delivers the message again, as any queue may.

  insertMessage(queue: string, message: QueueMessage): void {
    this.#deleted.delete(message.messageId);
    this.#commit({ op: 'put', queue, message });
  }

  /** Written a moment later: a move to a dead-letter queue is a delete and an insert, and a kill must not fall between. */
  deleteMessage(id: string): void {
    if (this.#deleted.size === 0) queueMicrotask(() => this.#flush());
    this.#deleted.add(id);
  }

  updateMessageInflight(id: string, _handle: string, _deadline: number, count: number): void {
    this.#note({ op: 'received', id, count });
  }

  deleteQueueMessages(queue: string): void {
    for (const [id, stored] of this.#messages) if (stored.queue === queue) this.deleteMessage(id);
  }

  deleteQueue(queue: string): void {
    this.deleteQueueMessages(queue);
  }

  // Queues themselves come from the templates at every start.
  updateMessageReady(): void {}
  insertQueue(): void {}
  updateQueueAttributes(): void {}
  updateQueueSequenceCounter(): void {}

  #flush(): void {
    for (const id of this.#deleted) this.#note({ op: 'delete', id });
    this.#deleted.clear();
  }

  #note(entry: Entry): void {
    try {
      this.#journal.append(entry);
    } catch (error) {
      this.#onWarning(`A queue's state could not be written: ${(error as Error).message}`);
    }
    this.#apply(entry);
  }

  #commit(entry: Entry): void {
    this.#journal.append(entry);
    this.#apply(entry);
  }

  #apply(entry: Entry): void {
    if (entry.op === 'put') {
      this.#messages.set(entry.message.messageId, { queue: entry.queue, message: entry.message });
    } else if (entry.op === 'delete') {
      this.#messages.delete(entry.id);
    } else {
      const stored = this.#messages.get(entry.id);
      if (stored !== undefined) stored.message.approximateReceiveCount = entry.count;
    }
  }
}
