/** The room as the client knows it: server messages folded into one immutable state. Pure. */
import type {
  ErrorMessage,
  Note,
  Participant,
  Playhead,
  Poses,
  Progress,
  Project,
  Region,
  Revision,
  ServerMessage,
  Shot,
  Span,
  Take,
} from '../protocol/messages';
import type { KnownClip } from './manifest';

export interface RoomState {
  readonly roomId: string;
  readonly self: Participant | null;
  readonly participants: readonly Participant[];
  readonly project: Project | null;
  readonly shots: readonly Shot[];
  readonly takes: readonly Take[];
  readonly notes: readonly Note[];
  readonly revisions: readonly Revision[];
  readonly progress: Readonly<Record<string, Progress>>;
  readonly playhead: Playhead;
  /** Local clock (ms) at which `playhead` was told. */
  readonly playheadAt: number;
  readonly span: Span | null;
  /** Heads in the film's world, by participant. */
  readonly heads: Poses['heads'];
  /** Barcode tag -> what it names; the newest wins. */
  readonly clips: Readonly<Record<number, KnownClip>>;
  /** Notes sent and not yet confirmed, by client id. */
  readonly pending: Readonly<Record<string, PendingNote>>;
}

export interface PendingNote {
  readonly clientId: string;
  readonly takeId: string;
  readonly frame: number;
  readonly text: string;
  readonly region?: Region;
}

export const NO_PLAYHEAD: Playhead = { takeId: null, quality: null, frame: 0, playing: false, counter: 0 };

export function emptyRoom(roomId: string): RoomState {
  return {
    roomId,
    self: null,
    participants: [],
    project: null,
    shots: [],
    takes: [],
    notes: [],
    revisions: [],
    progress: {},
    playhead: NO_PLAYHEAD,
    playheadAt: 0,
    span: null,
    heads: {},
    clips: {},
    pending: {},
  };
}

/** `items` with `item` in place of the one of the same id, or at the end. */
export function upsert<T extends { id: string }>(items: readonly T[], item: T): readonly T[] {
  return items.some((i) => i.id === item.id) ? items.map((i) => (i.id === item.id ? item : i)) : [...items, item];
}

function without<T>(record: Readonly<Record<string, T>>, key: string | null): Readonly<Record<string, T>> {
  if (key === null || !(key in record)) return record;
  return Object.fromEntries(Object.entries(record).filter(([k]) => k !== key));
}

const FINISHED = new Set<Take['state']>(['ready', 'failed', 'cancelled', 'unknown']);

/** The state after a message. `now`: local clock, ms. */
export function fold(state: RoomState, message: ServerMessage, now: number): RoomState {
  switch (message.type) {
    case 'welcome':
      return {
        ...state,
        roomId: message.roomId,
        self: message.participant,
        participants: message.participants,
        project: message.project,
        shots: message.shots.toSorted((a, b) => a.order - b.order),
        takes: message.takes,
        notes: message.notes,
        revisions: message.revisions,
        playhead: message.playhead,
        playheadAt: now,
      };
    case 'presence':
      return { ...state, participants: message.participants };
    case 'takeUpdated':
      return {
        ...state,
        takes: upsert(state.takes, message.take),
        progress: FINISHED.has(message.take.state) ? without(state.progress, message.take.id) : state.progress,
      };
    case 'progress':
      if (message.stage === 'recalling' && message.fraction >= 1) return { ...state, progress: without(state.progress, message.takeId) };
      return { ...state, progress: { ...state.progress, [message.takeId]: message } };
    case 'manifest': {
      const { manifest, takeId, quality, filesPath } = message;
      return { ...state, clips: { ...state.clips, [manifest.atlas.barcode.tag]: { manifest, takeId, quality, filesPath } } };
    }
    case 'span':
      return { ...state, span: message };
    case 'playhead':
      return { ...state, playhead: message.playhead, playheadAt: now };
    case 'noteAdded':
      return { ...state, notes: upsert(state.notes, message.note), pending: without(state.pending, message.clientId) };
    case 'revisionUpdated':
      return { ...state, revisions: upsert(state.revisions, message.revision) };
    case 'shotUpdated':
      return { ...state, shots: upsert(state.shots, message.shot).toSorted((a, b) => a.order - b.order) };
    case 'poses':
      return { ...state, heads: message.heads };
    case 'error':
    case 'pong':
      return state;
    default:
      return unreachable(message, state);
  }
}

function unreachable(_: never, state: RoomState): RoomState {
  return state;
}

export function takesOf(state: RoomState, shotId: string): readonly Take[] {
  return state.takes.filter((t) => t.shotId === shotId).toSorted((a, b) => a.number - b.number);
}

/** Notes in the order of the clip's time. */
export function notesOf(state: RoomState, takeId: string): readonly Note[] {
  return state.notes.filter((n) => n.takeId === takeId).toSorted((a, b) => a.frame - b.frame || a.createdAt.localeCompare(b.createdAt));
}

export function revisionOf(state: RoomState, noteId: string): Revision | undefined {
  return state.revisions.findLast((r) => r.noteId === noteId);
}

/** The best quality of a take that is known or complete. */
export function qualityOf(state: RoomState, take: Take): 'draft' | 'final' | null {
  const qualities = new Set([
    ...take.renditions.map((r) => r.quality),
    ...Object.values(state.clips).flatMap((c) => (c.takeId === take.id ? [c.quality] : [])),
  ]);
  return qualities.has('final') ? 'final' : qualities.has('draft') ? 'draft' : null;
}

/** Is it still being made? */
export function isBusy({ state }: Take): boolean {
  return state === 'queued' || state === 'generating';
}

/** How a take stands: the quality in which it can be watched, or else its state. */
export type Standing = 'draft' | 'final' | Take['state'];

export function standingOf(state: RoomState, take: Take): Standing {
  const quality = qualityOf(state, take);
  const watchable = take.state === 'ready' || (isBusy(take) && quality !== null);
  return watchable ? (quality ?? 'ready') : take.state;
}

/** Where the files of a take's best complete rendition are, or null while none is complete. */
export function filesPathOf({ id, renditions }: Take): string | null {
  const best = renditions.find((r) => r.quality === 'final') ?? renditions[0];
  return best ? `api/takes/${encodeURIComponent(id)}/${best.quality}` : null;
}

/** Its picture, or null while none is complete. */
export function posterPath(take: Take): string | null {
  const path = filesPathOf(take);
  return path && `${path}/poster.jpg`;
}

/** What can be seen of a take: its poster, or while it has none the newest still of what is being made. Null: nothing yet. */
export function stillPath(take: Take, progress: Progress | undefined): string | null {
  const poster = posterPath(take);
  if (poster !== null || !isBusy(take) || typeof progress?.preview !== 'number') return poster;
  return `api/takes/${encodeURIComponent(take.id)}/preview?n=${progress.preview}`;
}

export interface ShownError {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

export function shownError({ code, title, detail }: ErrorMessage): ShownError {
  return { code, title, detail };
}
