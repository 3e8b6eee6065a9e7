export type Scope = 'plan' | 'read' | 'admin' | 'platform';

/** What a route asks for: a scope, or to be a person. */
export type Access = Scope | 'person';

/** An API key's app. */
export interface AppPrincipal {
  readonly kind: 'app';
  readonly id: string;
  readonly tenant: string;
  /** `app|<id>`. */
  readonly principal: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Operators it may propose as. */
  readonly operators: '*' | readonly string[];
}

/** A person, by a token that says so. */
export interface PersonPrincipal {
  readonly kind: 'person';
  readonly tenant: string;
  readonly issuer: string;
  readonly subject: string;
  /** `iss|sub`: a subject alone is only unique within its issuer. */
  readonly principal: string;
  /** For people to read; decides nothing. */
  readonly name: string;
  /** Groups the identity provider puts the person in. */
  readonly audiences: readonly string[];
  readonly scopes: ReadonlySet<Scope>;
}

/** A token of the same issuer that is not a person's. */
export interface ServicePrincipal extends Omit<PersonPrincipal, 'kind'> {
  readonly kind: 'service';
}

export type Principal = AppPrincipal | PersonPrincipal | ServicePrincipal;
