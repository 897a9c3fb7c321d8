/** An intrusive doubly linked list: whatever extends `Link` can be pushed and removed in O(1), with no node of its own. */

/** Something that can stand in one list at a time. */
export abstract class Link {
  previous: Link | undefined = undefined;
  next: Link | undefined = undefined;
  list: LinkedList<Link> | undefined = undefined;
}

/** First in, first out, with removal from anywhere. */
export class LinkedList<T extends Link> {
  first: T | undefined = undefined;
  last: T | undefined = undefined;
  size = 0;

  push(link: T): void {
    link.list = this as unknown as LinkedList<Link>;
    link.previous = this.last;
    if (this.last === undefined) this.first = link;
    else this.last.next = link;
    this.last = link;
    this.size++;
  }

  /** Takes the link out; false if it does not stand in this list. */
  remove(link: T): boolean {
    if ((link.list as unknown) !== this) return false;
    const { previous, next } = link as { previous: T | undefined; next: T | undefined };
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    link.list = link.previous = link.next = undefined;
    this.size--;
    return true;
  }

  shift(): T | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }
}
