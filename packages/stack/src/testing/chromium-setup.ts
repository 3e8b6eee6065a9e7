import type { TestProject } from 'vitest/node';
import { findChromium } from '../chromium.ts';
import { environment } from '../config.ts';
import { StackError } from '../stack-error.ts';
import './provided.ts';

/** Tells browser tests which browser. */
export async function setup(project: TestProject): Promise<void> {
  const found = await findChromium(environment(), console.error);
  if (found === undefined) {
    throw new StackError('browser tests need Chromium: put it on the PATH, or name it in CHROMIUM_PATH');
  }
  project.provide('chromiumPath', found);
}
