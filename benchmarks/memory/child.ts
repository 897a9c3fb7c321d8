/** Does one task, and prints what it measured as one line of JSON. */
import { TASKS, type Task } from './tasks.ts';

const [task, ...of] = process.argv.slice(2);
const measure = TASKS[task as Task] as (...of: (string | number)[]) => Promise<unknown>;
const size = Number(of.pop());
console.log(JSON.stringify(await measure(...of, size)));
// Millions of calls and waiters are left behind, and some timers.
process.exit();
