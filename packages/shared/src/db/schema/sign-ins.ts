export interface SignInTable {
  /** SHA-256 of the token in the browser's cookie, hex. */
  hash: string;
  leads_to: string;
  expires_at: Date;
}
