import { type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

/** Not written yet. */
export const jiraSample: ProviderSample | undefined = undefined as ProviderSample | undefined;
void sharedKeys;
