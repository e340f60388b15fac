/** 96 random bits behind a word; `crypto.randomUUID` is missing where the page came over plain http. */
export function freshId(kind: string): string {
  return `${kind}-${[...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
}
