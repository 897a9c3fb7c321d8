/** One of the processes of the crew: does the tasks that it is sent. */
import type { Word } from './crew.ts';
import { perform, type Task } from './tasks.ts';

const say = (word: Word): void => void process.send?.(word);

process.on('message', async (task: Task) => {
  try {
    say({ result: await perform(task, () => say({})) });
  } catch (error) {
    say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
