/**
 * An intrusive list: whatever extends `Link` can be put in and taken out in O(1), with no node of its own. The list is
 * a ring, and its head a link like the others: `next` of the head is the first, `previous` the last.
 */

/** Something that can stand in one list at a time; alone, it is a ring of one, and an empty list. */
export class Link {
  previous: Link = this;
  next: Link = this;

  /** Puts `link` last in the list of which this is the head. */
  push(link: Link): void {
    link.previous = this.previous;
    link.next = this;
    this.previous.next = link;
    this.previous = link;
  }

  /** Takes this out of the list in which it stands, if any. */
  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this.next = this;
  }
}
