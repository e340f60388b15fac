/** From wire counters to frames of takes, and the room's playhead between two messages. Pure. */
import type { Playhead, Span } from '../protocol/messages';

/** Frame of the span's take at `counter`: forward from the span's own, looping; held when paused. */
export function frameAt(span: Span, counter: number): number {
  if (!span.playing || counter <= span.counter) return span.frame % span.frameCount;
  return (span.frame + (counter - span.counter)) % span.frameCount;
}

/** The latest spans by counter; old ones are forgotten. */
export class SpanMap {
  private readonly spans: Span[] = [];

  constructor(private readonly limit = 64) {}

  add(span: Span): void {
    while (this.last && this.last.counter >= span.counter) this.spans.pop();
    this.spans.push(span);
    if (this.spans.length > this.limit) this.spans.shift();
  }

  get last(): Span | undefined {
    return this.spans.at(-1);
  }

  /** The span that covers `counter`, or undefined before the first known one. */
  at(counter: number): Span | undefined {
    return this.spans.findLast((s) => s.counter <= counter);
  }
}

/** Where the room's playhead is `elapsedS` after a message said where it was. */
export function advance(playhead: Playhead, elapsedS: number, fps: number, frameCount: number): number {
  if (!playhead.playing || frameCount < 1) return playhead.frame;
  return (playhead.frame + Math.max(0, Math.floor(elapsedS * fps + 1e-6))) % frameCount;
}

/** The shorter way round a loop, signed. */
export function loopDistance(from: number, to: number, frameCount: number): number {
  const forward = (((to - from) % frameCount) + frameCount) % frameCount;
  return forward > frameCount / 2 ? forward - frameCount : forward;
}
