import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redrive } from '#cli/artefacts/redrive.ts';
import { startServer, type TestServer } from '../../platform/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer('data', 'lea-dev-plan-upload');
  for (const name of [
    'lea-dev-plan-upload-dead-letters',
    'lea-dev-parse-range',
    'lea-dev-parse-range-dead-letters',
    'lea-dev-schedule-dead-letters',
    'lea-prod-plan-upload-dead-letters',
  ]) {
    server.createQueue(name);
  }
});
afterEach(() => server.stop());

const urlOf = (name: string) => server.queueUrl.replace('lea-dev-plan-upload', name);

async function send(name: string, ...bodies: string[]): Promise<void> {
  for (const MessageBody of bodies) {
    await server.sqs.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody }));
  }
}

/** All messages of a queue, which stay there unseen for a while. */
async function messagesOf(name: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await server.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf(name), MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return bodies.sort();
    bodies.push(...Messages.map(({ Body }) => Body!));
  }
}

describe('Function: redrive', () => {
  it('puts every message back into its queue, of this deployment alone, and tells of the rest', async () => {
    // Arrange: more than one request takes.
    const many = Array.from({ length: 25 }, (_, at) => `{"at":${String(at).padStart(2, '0')}}`);
    await send('lea-dev-plan-upload-dead-letters', ...many);
    await send('lea-dev-schedule-dead-letters', 'start');
    await send('lea-prod-plan-upload-dead-letters', 'another deployment');
    // Act
    const driven = await redrive(server.sqs, 'lea-dev-');
    // Assess
    expect(driven).toStrictEqual([
      { queue: 'lea-dev-plan-upload', messages: 25, isDriven: true },
      { queue: 'lea-dev-schedule-dead-letters', messages: 1, isDriven: false },
    ]);
    expect(await messagesOf('lea-dev-plan-upload')).toStrictEqual(many);
    expect(await messagesOf('lea-dev-plan-upload-dead-letters')).toStrictEqual([]);
    expect(await messagesOf('lea-dev-schedule-dead-letters')).toStrictEqual(['start']);
    expect(await messagesOf('lea-prod-plan-upload-dead-letters')).toHaveLength(1);
  });

  it('does nothing the second time', async () => {
    await send('lea-dev-parse-range-dead-letters', 'x');
    await redrive(server.sqs, 'lea-dev-');

    expect(await redrive(server.sqs, 'lea-dev-')).toStrictEqual([]);
    expect(await messagesOf('lea-dev-parse-range')).toStrictEqual(['x']);
  });
});
