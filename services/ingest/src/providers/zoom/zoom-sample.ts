import { type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

/** Not written yet. */
export const zoomSample: ProviderSample | undefined = undefined as ProviderSample | undefined;
void sharedKeys;
