/** Several listeners at once, on what may emit anything, and one function that takes all of them away. */

interface Listened {
  on(type: string, listener: (event: never) => void): unknown;
  off(type: string, listener: (event: never) => void): unknown;
}

/** Listeners by the type of their event. */
type ListenersOf = Readonly<Record<string, (event: never) => void>>;

/** Listens until the function that it returns is called. The source's own types may know more events, or fewer. */
export function listen(source: object, listeners: ListenersOf): () => void {
  const listened = source as Listened;
  const all = Object.entries(listeners);
  for (const [type, listener] of all) listened.on(type, listener);
  return () => {
    for (const [type, listener] of all) listened.off(type, listener);
  };
}
