// What a user's gate throws from `leave` was printed once for each pipeline: the second of two faulty gates was not heard of.
import { type Gate, pipeline } from 'holdfast';
import { expect, test, vi } from 'vitest';

const bug = new Error('a bug in the gate');
const throwing = (name: string): Gate => ({
  name,
  enter: () => 1,
  leave: () => {
    throw bug;
  },
});

test('a fault of which nobody is told is printed once for each policy', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});
  const subject = pipeline('p', throwing('one'), throwing('two'));
  for (let i = 0; i < 3; i++) await subject.run(() => 1);
  const lines = print.mock.calls.map(([line]) => String(line)).sort();
  print.mockRestore();
  expect(lines.length).toBe(2);
  expect(lines[0]).toContain("'one'");
  expect(lines[1]).toContain("'two'");
});
