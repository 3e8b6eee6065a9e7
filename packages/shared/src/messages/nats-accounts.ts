import type { ServiceName } from '../runtime/config.ts';
import { inboxOf, type NatsRights, type OperatorImport, operatorImports, serviceRights } from './nats-rights.ts';

/** Who makes streams and durables, and may do all that there is to do with them. */
export const OWNER = 'holdpoint';

/** Whoever runs operators: one, or all of a tenant in one program. */
export interface OperatorLogin {
  readonly user: string;
  readonly operators: readonly { readonly tenant: string; readonly name: string }[];
}

export const operatorLogin = (tenant: string, name: string): OperatorLogin => ({
  user: `operator=${tenant}=${name}`,
  operators: [{ tenant, name }],
});

export const tenantLogin = (tenant: string, names: readonly string[]): OperatorLogin => ({
  user: `operators=${tenant}`,
  operators: names.map((name) => ({ tenant, name })),
});

/** The variable of the server's environment that a login's password is in. */
export function passwordVariable(user: string): string {
  return user === OWNER ? 'NATS_PASSWORD' : `NATS_${user.replace(/[^a-z0-9]/g, '_').toUpperCase()}_PASSWORD`;
}

export interface NatsAccounts {
  readonly services: readonly ServiceName[];
  readonly operators: readonly OperatorLogin[];
  /** What stands for a password; unless told, the variable that it is read from. */
  readonly passwordOf?: (user: string) => string;
}

/**
 * A NATS server's accounts. The streams and the services live in one, where each service may do what it does and no more.
 * Every operator's login has an account of its own and takes over from there its own subject and its own durables: to it, no
 * other subject exists, so that neither what it publishes nor where it wants an answer sent can reach anybody else's.
 * @throws where two logins would read one variable
 */
export function natsAccounts({ services, operators, passwordOf }: NatsAccounts): string {
  const users = [OWNER, ...services, ...operators.map(({ user }) => user)];
  if (passwordOf === undefined) refuseSharedVariables(users);
  const password = passwordOf ?? ((user: string) => `$${passwordVariable(user)}`);
  const imports = operators.map((login) => ({ login, imports: importsOf(login) }));
  return [
    'accounts {',
    '  HOLDPOINT {',
    '    jetstream: enabled',
    '    users: [',
    `      { user: ${quoted(OWNER)}, password: ${password(OWNER)} }`,
    ...services.map((user) => `      ${loginOf(user, password(user), serviceRights(user), '      ')}`),
    '    ]',
    '    exports: [',
    ...imports.flatMap(({ login, imports: taken }) => taken.map((one) => `      ${exported(one, login.user)}`)),
    '    ]',
    '  }',
    ...imports.flatMap(({ login, imports: taken }) => [
      `  ${quoted(login.user)} {`,
      '    users: [',
      `      ${loginOf(login.user, password(login.user), rightsOf(login.user, taken), '      ')}`,
      '    ]',
      '    imports: [',
      ...taken.map((one) => `      ${imported(one)}`),
      '    ]',
      '  }',
    ]),
    '}',
    '',
  ].join('\n');
}

function refuseSharedVariables(users: readonly string[]): void {
  const variables = users.map(passwordVariable);
  const twice = users.filter((_, index) => variables.indexOf(variables[index] ?? '') !== index);
  if (twice.length > 0) throw new Error(`${twice.join(', ')}: another login's password is in the same variable`);
}

const importsOf = ({ operators }: OperatorLogin): OperatorImport[] =>
  operators.flatMap(({ tenant, name }) => operatorImports(tenant, name));

const rightsOf = (user: string, imports: readonly OperatorImport[]): NatsRights => ({
  publish: imports.map(({ as }) => as),
  subscribe: [`${inboxOf(user)}.>`],
});

function loginOf(user: string, password: string, { publish, subscribe }: NatsRights, indent: string): string {
  return [
    `{ user: ${quoted(user)}, password: ${password}, permissions: {`,
    `  publish: { allow: ${list(publish)} }`,
    `  subscribe: { allow: ${list(subscribe)} }`,
    '} }',
  ].join(`\n${indent}`);
}

const exported = ({ subject, stream }: OperatorImport, account: string): string =>
  `{ service: ${quoted(subject)}, accounts: [${quoted(account)}]${stream ? ', response_type: stream' : ''} }`;

const imported = ({ subject, as }: OperatorImport): string =>
  `{ service: { account: HOLDPOINT, subject: ${quoted(subject)} }${as === subject ? '' : `, to: ${quoted(as)}`} }`;

const list = (subjects: readonly string[]): string =>
  `[\n${[...new Set(subjects)].map((subject) => `          ${quoted(subject)}`).join('\n')}\n        ]`;
const quoted = (text: string): string => JSON.stringify(text);
