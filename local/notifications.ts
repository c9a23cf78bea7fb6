import { randomUUID } from 'node:crypto';
import { TaskError } from './state-machine/errors.ts';
import type { Templates } from './template/templates.ts';

/** A message that was published to a topic. */
export interface Notification {
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
}

/** The topics of the templates. Messages are kept and shown; nobody is subscribed on one machine. */
export class Topics {
  readonly published: Notification[] = [];
  readonly #arns: ReadonlySet<string>;
  readonly #onNotification: (notification: Notification) => void;

  constructor(templates: Templates, onNotification: (notification: Notification) => void) {
    this.#arns = new Set(templates.resources('AWS::SNS::Topic').map((topic) => topic.ref));
    this.#onNotification = onNotification;
  }

  /** @throws TaskError for a topic that no template has, or a message that SNS would refuse */
  publish(topicArn: string, message: string, subject: string | undefined): { MessageId: string } {
    if (!this.#arns.has(topicArn)) {
      throw new TaskError('SNS.NotFoundException', `Topic does not exist: ${topicArn}`);
    }
    const bytes = Buffer.byteLength(message);
    if (message === '' || bytes > 256 * 1024) {
      throw new TaskError(
        'SNS.InvalidParameterException',
        `The message has ${bytes} bytes; it must have at least one and at most 262144.`,
      );
    }
    const notification = { topicArn, subject, message };
    this.published.push(notification);
    this.#onNotification(notification);
    return { MessageId: randomUUID() };
  }
}
