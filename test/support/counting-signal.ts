/** A caller's signal that counts the listeners on it. */
export class CountingSignal extends EventTarget implements AbortSignal {
  aborted = false;
  reason: unknown = undefined;
  onabort: AbortSignal['onabort'] = null;
  /** Listeners that stand on it, and the most that ever did. */
  now = 0;
  most = 0;

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.now++;
    this.most = Math.max(this.most, this.now);
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.now--;
    super.removeEventListener(...args);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event('abort'));
  }
}
