/** A copy of the same class, one level deep: what a machine changes in place is to be copied beside. */
export function copyOf<T extends object>(original: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(original)) as T, original);
}
