/** What the board in the headset says: the picture that is shown, the takes of its shot, what waits for a decision. Pure. */
import type { Revision, Take } from '../protocol/messages';
import { findingWords } from './findings';
import type { Language, Translate } from './i18n';
import { diffLine } from './labels';
import { beforeAfter } from './redraw';
import { isBusy, notesOf, posterPath, qualityOf, standingOf, takesOf, type RoomState, type Standing } from './room';
import { timecode } from './timecode';
import { triesOf, tryWord } from './tries';
import { requestOf, requestWords, siblings, variantWords } from './variants';

/** What the viewer sees, as far as the board speaks of it. */
export interface Sight {
  readonly language: Language;
  readonly takeId: string | null;
  readonly quality: 'draft' | 'final' | null;
  readonly frame: number;
  readonly frameCount: number;
  readonly fps: number;
  readonly playing: boolean;
  readonly mode: 'take' | 'stage';
  readonly after: string | null;
}

/** The line above: it changes with every frame. */
export interface BoardHead {
  readonly slate: string;
  readonly take: string;
  readonly badge: string;
  readonly quality: 'draft' | 'final' | null;
  readonly approved: boolean;
  readonly timecode: string;
  readonly frame: string;
  readonly playing: boolean;
  /** 0..1 through the clip. */
  readonly fraction: number;
  readonly flip: { readonly before: string; readonly after: string; readonly showing: 'before' | 'after' } | null;
}

export interface Card {
  readonly takeId: string;
  readonly number: number;
  readonly poster: string | null;
  readonly standing: Standing;
  readonly state: string;
  /** 0..1 of a take that is being made; null of any other. */
  readonly fraction: number | null;
  /** What was found wrong, in a word; else in what it differs from those beside it. */
  readonly found: string;
  readonly differs: string;
  readonly approved: boolean;
  readonly shown: boolean;
  readonly watchable: boolean;
  /** The word on its button, where it can be given up. */
  readonly cancel: string;
}

/** Cards that stand together: the first and the last of them, and what they are. */
export interface CardGroup {
  readonly from: number;
  readonly to: number;
  readonly words: string;
}

export interface Decision {
  readonly revisionId: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly accept: string;
  readonly reject: string;
}

/** What lies below: it changes when something happened. */
export interface BoardBody {
  readonly cards: readonly Card[];
  readonly groups: readonly CardGroup[];
  /** How many takes there are before and behind those on the board. */
  readonly before: number;
  readonly behind: number;
  readonly decision: Decision | null;
  readonly lines: readonly string[];
  readonly help: string;
}

export const MOST_CARDS = 4;
const MOST_LINES = 2;

export function boardHead({ takes, shots }: RoomState, sight: Sight, t: Translate): BoardHead {
  const take = takes.find((one) => one.id === sight.takeId);
  const pair = beforeAfter(takes, sight.takeId, sight.after);
  return {
    slate: shots.find((shot) => shot.id === take?.shotId)?.slate ?? '',
    take: take ? t('take.name', { number: take.number }) : t('static.title'),
    badge: take && sight.quality ? t(`take.${sight.quality}`) : '',
    quality: sight.quality,
    approved: Boolean(take?.approval),
    timecode: timecode(sight.frame, sight.fps),
    frame: `${sight.frame} / ${Math.max(0, sight.frameCount - 1)}`,
    playing: sight.playing,
    fraction: Math.min(Math.max(sight.frame / Math.max(1, sight.frameCount - 1), 0), 1),
    flip: pair && { before: t('flip.before', { number: pair.before.number }), after: t('flip.after', { number: pair.after.number }), showing: pair.showing },
  };
}

/** `start`: the first take on the board, or null to keep the one that is shown, and else the newest, on it. */
export function boardBody(room: RoomState, sight: Sight, start: number | null, t: Translate): BoardBody {
  const shown = room.takes.find((take) => take.id === sight.takeId);
  const takes = shown ? takesOf(room, shown.shotId) : [];
  const first = windowStart(takes.length, takes.findIndex((take) => take === shown), start);
  const seen = takes.slice(first, first + MOST_CARDS);
  const decision = shown ? decisionOf(room, shown.shotId, sight.language, t) : null;
  return {
    cards: seen.map((take) => card(room, take, sight, t)),
    groups: groupsOf(takes, seen, t),
    before: first,
    behind: takes.length - first - seen.length,
    decision,
    lines: decision || !shown ? [] : latestWords(room, shown.id),
    help: t(sight.mode === 'stage' ? 'xr.help.stage' : takes.length > 1 ? 'xr.help.choose' : 'xr.help'),
  };
}

/** Which take of `count` is the first on the board. */
export function windowStart(count: number, shown: number, start: number | null): number {
  const last = Math.max(0, count - MOST_CARDS);
  return Math.min(Math.max(start ?? Math.min(last, shown < 0 ? last : shown), 0), last);
}

/** Which takes are on the board: `start` is the first of them, while it is about this take of this many. */
export interface Paging {
  readonly shotId: string;
  readonly count: number;
  readonly takeId: string;
  readonly start: number;
}

/**
 * The board's window after something changed: it stays while the shot has no other takes and what is shown is on it, or was
 * paged away from. Else it goes to what is shown, or to what is being made.
 */
export function pagingOf(before: Paging | null, room: RoomState, takeId: string | null): Paging | null {
  const shown = room.takes.find((take) => take.id === takeId);
  if (!shown) return null;
  const takes = takesOf(room, shown.shotId);
  const at = takes.indexOf(shown);
  const same = before?.shotId === shown.shotId && before.count === takes.length;
  if (before && same && (before.takeId === shown.id || (at >= before.start && at < before.start + MOST_CARDS))) return { ...before, takeId: shown.id };
  const start = windowStart(takes.length, takes.some(isBusy) ? -1 : at, null);
  return { shotId: shown.shotId, count: takes.length, takeId: shown.id, start };
}

/** A board's width of takes back or on. */
export function paged(from: Paging, by: -1 | 1): Paging {
  return { ...from, start: windowStart(from.count, -1, from.start + by * MOST_CARDS) };
}

function card(room: RoomState, take: Take, sight: Sight, t: Translate): Card {
  const busy = isBusy(take);
  const progress = room.progress[take.id];
  const standing = standingOf(room, take);
  const all = siblings(room.takes, take);
  const may = room.self?.role !== 'viewer';
  const words = [all.length > 0 ? variantWords(take, all, sight.language) : '', triesOf(all, take).length > 0 ? tryWord(take, t) : ''];
  return {
    takeId: take.id,
    number: take.number,
    poster: posterPath(take),
    standing,
    state: t(`take.${standing}`),
    fraction: busy ? (progress?.fraction ?? 0) : null,
    found: findingWords(take.findings, t),
    differs: words.filter((word) => word !== '').join(' · '),
    approved: take.approval !== null,
    shown: take.id === sight.takeId,
    watchable: qualityOf(room, take) !== null,
    cancel: busy && may ? t('take.cancel') : '',
  };
}

/** Runs of neighbours that were asked for together, or made again. */
function groupsOf(takes: readonly Take[], seen: readonly Take[], t: Translate): readonly CardGroup[] {
  const groups: CardGroup[] = [];
  const keys = seen.map((take) => requestOf(takes, take));
  for (let from = 0, to = 0; from < keys.length; from = to + 1) {
    const key = keys[from];
    to = from;
    while (keys[to + 1] === key && to + 1 < keys.length) to++;
    const all = siblings(takes, seen[from]);
    if (to > from && all.length > 0) groups.push({ from, to, words: requestWords(all, t) });
  }
  return groups;
}

/** The latest change to a shot that waits for a word. */
function decisionOf(room: RoomState, shotId: string, language: Language, t: Translate): Decision | null {
  const waits = ({ shotId: of, state, changes }: Revision): boolean => of === shotId && state === 'proposed' && changes.length > 0;
  const revision = room.self?.role === 'viewer' ? undefined : room.revisions.findLast(waits);
  if (!revision) return null;
  const lines = revision.diff.map((diff) => {
    const { label, before, after } = diffLine(diff, language);
    return `${label}  ${before} → ${after}`;
  });
  const shown = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]}  +${lines.length - MOST_LINES}`] : lines;
  return { revisionId: revision.id, title: t('revision.proposed'), lines: shown, accept: t('revision.accept'), reject: t('revision.reject') };
}

/** Notes on the take that is shown, the latest first. */
function latestWords(room: RoomState, takeId: string): readonly string[] {
  const latest = notesOf(room, takeId).toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  return latest.slice(0, MOST_LINES).map((note) => `“${note.text}”`);
}
