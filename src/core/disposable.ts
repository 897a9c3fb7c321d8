// A compiler whose library does not know `using` still has to understand the library's types.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/** What `using` gives back at the end of its block. */
export interface Disposes {
  /** Called at the end of a `using` block. */
  [Symbol.dispose](): void;
}
