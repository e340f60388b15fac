/** `window.previs`: what tests and support read. Nothing in the product depends on it. */
import { playheadNow } from '../core/playhead';
import type { RoomState, ShownError } from '../core/room';
import type { Note, Playhead, Revision } from '../protocol/messages';
import type { ViewState } from '../ui/model';
import type { BoardPlace } from '../xr/panel';

export interface Snapshot {
  /** static, connecting, open, reconnecting or closed. */
  readonly connection: ViewState['connection'];
  readonly picture: ViewState['picture'];
  /** Of the picture on screen; null before the first one. */
  readonly takeId: string | null;
  readonly quality: 'draft' | 'final' | null;
  /** The room's, predicted from what the server told last. */
  readonly playhead: Playhead;
  /** Read from the picture on screen. */
  readonly barcodeFrame: number | null;
  readonly barcodeTag: number | null;
  readonly barcodeReads: number;
  readonly barcodeMisses: number;
  /** From getStats() of the stream (twice a second), or of the file. */
  readonly framesDecoded: number;
  /** Of the manifest the picture is drawn with. */
  readonly manifestTakeId: string | null;
  readonly frameCount: number;
  readonly immersive: boolean;
  /** What can be pressed on the headset's board, and where: metres in the tracking space. */
  readonly board: readonly BoardPlace[];
  readonly mode: 'take' | 'stage';
  readonly notes: readonly Note[];
  readonly revisions: readonly Revision[];
  readonly takes: readonly { id: string; shotId: string; number: number; state: string; qualities: readonly string[]; noteIds: readonly string[] }[];
  readonly participants: readonly { name: string; immersive: boolean }[];
  /** Other people's heads that are drawn. */
  readonly heads: number;
  /** Turns of the loop per second. */
  readonly fps: number;
  /** Turns so far, and those that drew: a flat view in which nothing changes rests. */
  readonly turns: { readonly all: number; readonly drawn: number };
  /** Columns of the grid in use. */
  readonly columns: number;
  readonly drawCalls: number;
  readonly triangles: number;
  /** The eye in the shot camera's level space, metres. */
  readonly eye: readonly [number, number, number];
  readonly flat: number;
  readonly errors: readonly ShownError[];
}

export interface Previs {
  readonly version: 1;
  snapshot(): Snapshot;
  readonly actions: {
    play(): void;
    pause(): void;
    seek(frame: number): void;
    /** Put the flat view's eye, metres from the shot camera. */
    moveEye(x: number, y: number, z: number, yaw?: number, pitch?: number): void;
    enterVr(): Promise<void>;
  };
}

declare global {
  interface Window {
    previs?: Previs;
  }
}

export type Measured = Pick<Snapshot, 'barcodeFrame' | 'barcodeTag' | 'barcodeReads' | 'barcodeMisses' | 'framesDecoded' | 'manifestTakeId' | 'immersive' | 'board' | 'heads' | 'mode' | 'fps' | 'turns' | 'columns' | 'drawCalls' | 'triangles' | 'eye' | 'flat'>;

export function takeSnapshot(room: RoomState, view: ViewState, measured: Measured, errors: readonly ShownError[]): Snapshot {
  return {
    connection: view.connection,
    picture: view.picture,
    takeId: view.takeId,
    quality: view.quality,
    playhead: playheadNow(room, performance.now()),
    frameCount: view.frameCount,
    notes: room.notes,
    revisions: room.revisions,
    takes: room.takes.map((t) => ({ id: t.id, shotId: t.shotId, number: t.number, state: t.state, qualities: t.renditions.map((r) => r.quality), noteIds: t.provenance.noteIds })),
    participants: room.participants.map(({ name, immersive }) => ({ name, immersive })),
    errors,
    ...measured,
  };
}
