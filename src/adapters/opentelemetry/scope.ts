/** What the spans and instruments say they were made by. */
export const SCOPE = { name: 'holdfast', version: '0.1.0' } as const;
