/** An intrusive doubly linked list: whatever extends `Link` can be pushed and removed in O(1), with no node of its own. */

/** Something that can stand in one list at a time. */
export abstract class Link {
  previous: Link | undefined = undefined;
  next: Link | undefined = undefined;
  list: unknown = undefined;
}

/** First in, first out, with removal from anywhere. */
export class LinkedList<T extends Link> {
  first: T | undefined = undefined;
  last: T | undefined = undefined;

  push(link: T): void {
    link.list = this;
    link.previous = this.last;
    if (this.last === undefined) this.first = link;
    else this.last.next = link;
    this.last = link;
  }

  /** Takes the link out; false if it does not stand in this list. */
  remove(link: T): boolean {
    if (link.list !== this) return false;
    const { previous, next } = link;
    if (previous === undefined) this.first = next as T | undefined;
    else previous.next = next;
    if (next === undefined) this.last = previous as T | undefined;
    else next.previous = previous;
    link.list = link.previous = link.next = undefined;
    return true;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let link = this.first; link !== undefined; link = link.next as T | undefined) yield link;
  }
}
