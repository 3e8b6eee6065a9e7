import { expect, test } from 'vitest';
import { openStages } from './stages.ts';

test('what was started last stops first, each stage only when the one after it has stopped', async () => {
  const told: string[] = [];
  const stages = openStages(() => {});
  const gate = Promise.withResolvers<void>();
  stages.add(() => told.push('servers'));
  stages.next();
  stages.add(() => told.push('core'));
  stages.next();
  stages.add(() => gate.promise.then(() => told.push('slow door')));
  stages.add(() => told.push('door'));
  const stopped = stages.stop();
  await Promise.resolve();
  expect(told).toEqual(['door']);
  gate.resolve();
  await stopped;
  expect(told).toEqual(['door', 'slow door', 'core', 'servers']);
});

test('a part that does not stop is told of and keeps nothing else from stopping', async () => {
  const errors: unknown[] = [];
  const told: string[] = [];
  const stages = openStages((error) => errors.push(error));
  stages.add(() => told.push('servers'));
  stages.next();
  stages.add(() => {
    throw new Error('stuck');
  });
  await stages.stop();
  expect(told).toEqual(['servers']);
  expect(errors).toEqual([new Error('stuck')]);
});

test('however often it is asked, it stops once', async () => {
  let times = 0;
  const stages = openStages(() => {});
  stages.add(() => {
    times += 1;
  });
  await Promise.all([stages.stop(), stages.stop()]);
  await stages.stop();
  expect(times).toBe(1);
});
