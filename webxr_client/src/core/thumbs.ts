/** The strip of small frames beside a clip: which of them stands for a frame, and where a pointer on the scrubber is. Pure. */
import type { Manifest, Thumbs } from '../protocol/messages';

export interface Filmstrip {
  readonly url: string;
  readonly thumbs: Thumbs;
  readonly frameCount: number;
}

/** The strip of a clip whose files lie at `filesPath`, or null where it has none. */
export function filmstripOf({ thumbs, frameCount }: Pick<Manifest, 'thumbs' | 'frameCount'>, filesPath: string): Filmstrip | null {
  return thumbs && thumbs.frames.length > 0 ? { url: `${filesPath}/${thumbs.file}`, thumbs, frameCount } : null;
}

/** Which picture of the strip is nearest to a frame; of two that are as near, the earlier. */
export function thumbIndex({ frames }: Thumbs, frame: number): number {
  return frames.reduce((best, at, i) => (Math.abs(at - frame) < Math.abs((frames[best] ?? 0) - frame) ? i : best), 0);
}

/** The frame below a pointer `x` px from the left of a track of `width` px, on which a knob of `knob` px stays whole. */
export function frameUnder(x: number, width: number, knob: number, frameCount: number): number {
  const share = (x - knob / 2) / Math.max(1, width - knob);
  return Math.round(Math.min(Math.max(share, 0), 1) * Math.max(0, frameCount - 1));
}

/** Where the knob's middle is for a frame, px from the left of the same track. */
export function knobAt(frame: number, width: number, knob: number, frameCount: number): number {
  return knob / 2 + (frame / Math.max(1, frameCount - 1)) * Math.max(0, width - knob);
}

/** The left edge of something `size` px wide over `centre`, kept between `from` and `to`. */
export function heldWithin(centre: number, size: number, from: number, to: number): number {
  return Math.max(from, Math.min(centre - size / 2, to - size));
}
