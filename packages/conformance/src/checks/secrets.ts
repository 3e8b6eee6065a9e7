import { replaceSecrets } from '@holdpoint/shared/domain/secret-args';
import { type Finding, failed, passed, type Said, type Subject, skipped } from '../subject.ts';

/** Shorter ones stand in ordinary words too. */
const SECRET_MIN_LENGTH = 4;

/** Looks for what the connector was trusted with in all that it said in all its trials. */
export async function checkSecrets(subject: Subject): Promise<Finding[]> {
  const standIn = await subject.spec.start();
  const { credentials } = standIn;
  await standIn.close();
  const secrets = [...Object.entries(credentials), ...secretArgsOf(subject)].filter(
    ([, secret]) => secret.length >= SECRET_MIN_LENGTH,
  );
  if (secrets.length === 0) return [skipped('it is trusted with no secret')];
  const leaks = secrets.flatMap((secret) => leakOf(secret, subject.said));
  return leaks.length > 0 ? leaks.map((leak) => failed(leak)) : [passed()];
}

const PLACES_MAX = 3;

function leakOf([name, secret]: readonly [string, string], all: readonly Said[]): string[] {
  const holding = all.filter(({ text }) => {
    const texts = [text, ...decoded(text)];
    return writings(secret).some((written) => texts.some((one) => one.includes(written)));
  });
  const places = [...new Set(holding.map(({ where }) => where))];
  if (places.length === 0) return [];
  const more = places.length > PLACES_MAX ? ` and ${places.length - PLACES_MAX} more` : '';
  return [`${name} stands in what it said (${places.slice(0, PLACES_MAX).join(', ')}${more})`];
}

/** As it is, inside JSON, and in a URL. */
function writings(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}

/** `Basic` credentials and the like, spelt out. */
function decoded(text: string): string[] {
  return (text.match(/[A-Za-z0-9+/_-]{8,}={0,2}/g) ?? []).map((one) => Buffer.from(one, 'base64').toString());
}

function secretArgsOf({ tool, args }: Subject): [string, string][] {
  return (tool.secretArgs ?? []).flatMap((path) => {
    const found: [string, string][] = [];
    replaceSecrets(args, [path], (secret) => {
      found.push(...leavesOf(secret).map((leaf): [string, string] => [path, leaf]));
    });
    return found;
  });
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}
