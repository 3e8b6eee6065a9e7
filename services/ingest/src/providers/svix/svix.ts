import { standardWebhooksUnder } from '../standard-webhooks/standard-webhooks.ts';

/** Svix: the scheme that became Standard Webhooks, under its own header names. */
export const svix = standardWebhooksUnder('svix');
