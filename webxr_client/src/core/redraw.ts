/** A take that is its parent's picture but for a region, and that parent: one to be held against the other. Pure. */
import type { Take } from '../protocol/messages';
import { firstTry } from './tries';

export interface BeforeAfter {
  readonly before: Take;
  readonly after: Take;
  readonly showing: 'before' | 'after';
}

/** What can be compared with the take that is shown. `after`: the redrawn take from which the viewer went to its parent. */
export function beforeAfter(takes: readonly Take[], shownId: string | null, after: string | null): BeforeAfter | null {
  const pair = (id: string | null): Omit<BeforeAfter, 'showing'> | null => {
    const take = takes.find((x) => x.id === id);
    if (!take?.provenance.redrawn) return null;
    // The parent of one that was made again is its first try, which is redrawn too: what it was before is that one's parent.
    const before = takes.find((x) => x.id === firstTry(takes, take).provenance.parentTakeId);
    return before && before.renditions.length > 0 ? { before, after: take } : null;
  };
  const left = pair(after);
  if (left && left.before.id === shownId) return { ...left, showing: 'before' };
  const here = pair(shownId);
  return here ? { ...here, showing: 'after' } : null;
}

/** The same moment in a clip of another length: the frame itself, or the last one there is. */
export function sameFrame(frame: number, take: Take): number {
  const count = Math.max(...take.renditions.map((r) => r.frameCount), 1);
  return Math.min(Math.max(frame, 0), count - 1);
}
