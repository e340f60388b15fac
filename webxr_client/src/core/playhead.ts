/** The room's playhead between two messages, and whether two welcomes speak of one stream. Pure. */
import type { Playhead } from '../protocol/messages';
import type { RoomState } from './room';

/** Where the room's playhead is `elapsedS` after a message said where it was. */
export function advance(playhead: Playhead, elapsedS: number, fps: number, frameCount: number): number {
  if (!playhead.playing || frameCount < 1) return playhead.frame;
  return (playhead.frame + Math.max(0, Math.floor(elapsedS * fps + 1e-6))) % frameCount;
}

/** The room's playhead at the local clock `nowMs`; as it was told, as long as nobody said how its take runs. */
export function playheadNow({ playhead, playheadAt, span }: RoomState, nowMs: number): Playhead {
  if (span?.takeId !== playhead.takeId || span.quality !== playhead.quality) return playhead;
  const frame = advance(playhead, (nowMs - playheadAt) / 1000, span.fps[0] / span.fps[1], span.frameCount);
  return { ...playhead, frame };
}

/** What a welcome says about the stream behind it. */
export interface StreamMark {
  readonly whepPath: string;
  readonly serverVersion: string;
  /** The wire's frame counter: it never goes back while a stream lives, so a lower one is another stream's. */
  readonly counter: number;
}

/** Can a viewer of the stream `before` stay where it is? */
export function sameStream(before: StreamMark | null, now: StreamMark): boolean {
  return before !== null && before.whepPath === now.whepPath && before.serverVersion === now.serverVersion && now.counter >= before.counter;
}
