import * as z from 'zod';
import { recommendRequest, rerankRequest, similarRequest } from './request.ts';
import { recommendAnswer, rerankAnswer, similarAnswer } from './response.ts';

const refusal = z.strictObject({
  error: z
    .string()
    .describe('`ValidationError`, `MissingArtefactError`, `UnavailableError`, `NotFound`'),
  message: z.string().describe('What is wrong, and what to do.'),
});

const operations = [
  ['recommend', 'Items for somebody', recommendRequest, recommendAnswer],
  ['similar', 'Items that resemble one', similarRequest, similarAnswer],
  [
    'rerank',
    'Given items in the order in which somebody would like them',
    rerankRequest,
    rerankAnswer,
  ],
] as const;

/** The OpenAPI 3.1 document of what can be asked for, made of the schemas that read requests (docs/openapi.json). */
export function openApiDocument() {
  const refused = (description: string) => ({ description, content: jsonOf(refusal, 'output') });
  return {
    openapi: '3.1.0',
    info: {
      title: 'LEA recommendations',
      version: '1',
      description: 'Requests are signed with AWS Signature Version 4.',
    },
    paths: Object.fromEntries(
      operations.map(([name, summary, request, answer]) => [
        `/${name}`,
        {
          post: {
            operationId: name,
            summary,
            requestBody: { required: true, content: jsonOf(request, 'input') },
            responses: {
              200: { description: summary, content: jsonOf(answer, 'output') },
              400: refused('The request is wrong; the message says what and what to do.'),
              503: refused('Nothing is in service yet, or not what is asked for; try again later.'),
            },
          },
        },
      ]),
    ),
  };
}

/** @param io whether it is what is written (`input`), or what is read */
function jsonOf(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return { 'application/json': { schema: json } };
}
