/** When to try a lost connection again. Pure: the caller owns the timer. */

export interface ReconnectPolicy {
  /** Milliseconds to wait before attempt `attempt` (0 = the first after the loss). */
  delayMs(attempt: number): number;
}

/** Doubling from 0.3 s to 8 s, each shortened by up to 30 % so that a room of clients does not come back at once. */
export function backoff(random: () => number = Math.random, firstMs = 300, limitMs = 8000): ReconnectPolicy {
  return {
    delayMs: (attempt) => Math.min(limitMs, firstMs * 2 ** Math.min(attempt, 16)) * (1 - 0.3 * random()),
  };
}

/** Close codes after which trying again is pointless: policy (no token, no such room) and protocol version. */
export function isFinal(closeCode: number): boolean {
  return closeCode === 1008 || (closeCode >= 4400 && closeCode < 4500 && closeCode !== 4408 && closeCode !== 4429);
}
