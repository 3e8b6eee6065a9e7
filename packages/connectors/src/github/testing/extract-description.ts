import { readFile, writeFile } from 'node:fs/promises';

type Json = Readonly<Record<string, unknown>>;

const USED: readonly (readonly [method: string, path: string])[] = [
  ['get', '/repos/{owner}/{repo}/issues'],
  ['post', '/repos/{owner}/{repo}/issues'],
  ['get', '/repos/{owner}/{repo}/issues/{issue_number}'],
  ['patch', '/repos/{owner}/{repo}/issues/{issue_number}'],
  ['get', '/repos/{owner}/{repo}/issues/{issue_number}/comments'],
  ['post', '/repos/{owner}/{repo}/issues/{issue_number}/comments'],
  ['post', '/repos/{owner}/{repo}/issues/{issue_number}/labels'],
  ['delete', '/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}'],
  ['post', '/repos/{owner}/{repo}/issues/{issue_number}/assignees'],
  ['get', '/repos/{owner}/{repo}/pulls/{pull_number}'],
  ['patch', '/repos/{owner}/{repo}/pulls/{pull_number}'],
  ['put', '/repos/{owner}/{repo}/pulls/{pull_number}/merge'],
];

const KEPT = new Set(
  'type enum const required format pattern minimum maximum minLength maxLength minItems maxItems uniqueItems'.split(
    ' ',
  ),
);

/**
 * Takes what the stand-in needs out of GitHub's description of its API, which is 13 MB: the operations that the connector
 * uses, as JSON Schema. `node extract-description.ts <folder of the package @octokit/openapi>` writes it anew.
 */
async function extractDescription(packageDir: string): Promise<void> {
  const { version } = JSON.parse(await readFile(`${packageDir}/package.json`, 'utf8')) as { version: string };
  const description = JSON.parse(await readFile(`${packageDir}/generated/api.github.com.json`, 'utf8')) as Json;
  const found = new Map<string, unknown>();

  function resolved(node: unknown): Json {
    const { $ref } = node as { $ref?: string };
    if ($ref === undefined) return node as Json;
    return $ref
      .slice(2)
      .split('/')
      .reduce((at: unknown, key) => (at as Json)[key], description) as Json;
  }

  /** OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own. */
  function schemaOf(node: Json): unknown {
    if (typeof node.$ref === 'string') {
      const name = node.$ref.replace('#/components/schemas/', '');
      if (!found.has(name)) {
        found.set(name, {});
        found.set(name, schemaOf(resolved(node)));
      }
      return { $ref: `#/$defs/${name}` };
    }
    const schema: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(node)) {
      if (KEPT.has(key)) schema[key] = value;
      else if (key === 'properties') schema[key] = mapped(value as Json, schemaOf);
      else if (key === 'items' || key === 'not') schema[key] = schemaOf(value as Json);
      else if (key === 'additionalProperties') schema[key] = value === Object(value) ? schemaOf(value as Json) : value;
      else if (key === 'allOf' || key === 'anyOf' || key === 'oneOf') schema[key] = (value as Json[]).map(schemaOf);
    }
    return node.nullable === true ? { anyOf: [{ type: 'null' }, schema] } : schema;
  }

  function contentOf(node: unknown): unknown {
    const { content } = node === undefined ? {} : (resolved(node) as { content?: Json });
    const { schema } = (content?.['application/json'] ?? {}) as { schema?: Json };
    return schema === undefined ? undefined : schemaOf(schema);
  }

  const operations = USED.map(([method, path]) => {
    const operation = ((description.paths as Json)[path] as Json)[method] as Json;
    const parameters = ((operation.parameters ?? []) as unknown[]).map(resolved);
    return {
      method: method.toUpperCase(),
      path,
      query: Object.fromEntries(
        parameters.filter((one) => one.in === 'query').map((one) => [one.name, schemaOf(one.schema as Json)]),
      ),
      body: contentOf(operation.requestBody),
      responses: mapped(operation.responses as Json, (response) => contentOf(response) ?? {}),
    };
  });
  const $defs = Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  const source = `@octokit/openapi ${version}, generated/api.github.com.json`;
  await writeFile(
    new URL('fixtures/github-api.json', import.meta.url),
    `${JSON.stringify({ source, operations, $defs })}\n`,
  );
}

function mapped(of: Json, to: (value: Json) => unknown): Json {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, to(value as Json)]));
}

await extractDescription(String(process.argv[2]));
