import { standardWebhooksSampleUnder } from '../standard-webhooks/standard-webhooks-sample.ts';

export const svixSample = standardWebhooksSampleUnder('svix');
