/** What the interface shows and what it can ask for: its whole contract with the rest of the client. */
import type { Store } from '../core/events';
import type { Language, Translate } from '../core/i18n';
import type { KnownClip } from '../core/manifest';
import type { DrawnShape } from '../core/region';
import type { RoomState } from '../core/room';

export type VrState = 'unsupported' | 'available' | 'presenting';

export interface ViewState {
  readonly language: Language;
  /** What the viewer goes by; empty until it is given. */
  readonly name: string;
  readonly connection: 'static' | 'connecting' | 'open' | 'reconnecting' | 'closed';
  /** The picture: none yet, running, or lost. */
  readonly picture: 'waiting' | 'live' | 'lost';
  readonly takeId: string | null;
  /** The rendition that the picture is of. */
  readonly clip: KnownClip | null;
  readonly quality: 'draft' | 'final' | null;
  readonly frame: number;
  readonly frameCount: number;
  readonly fps: number;
  readonly playing: boolean;
  readonly mode: 'take' | 'stage';
  readonly stage: 'none' | 'loading' | 'ready' | 'missing';
  readonly vr: VrState;
  /** A place the next note will point to, and how far it is from the camera. */
  readonly point: { readonly metres: readonly [number, number, number]; readonly distance: number; readonly metric: boolean } | null;
  /** A region can be drawn on the picture. */
  readonly drawing: boolean;
  /** What the next note will be about, on the frame it was drawn on. */
  readonly region: { readonly takeId: string; readonly frame: number; readonly shape: DrawnShape } | null;
}

export const FIRST_VIEW: ViewState = {
  language: 'en',
  name: '',
  connection: 'connecting',
  picture: 'waiting',
  takeId: null,
  clip: null,
  quality: null,
  frame: 0,
  frameCount: 0,
  fps: 24,
  playing: false,
  mode: 'take',
  stage: 'none',
  vr: 'unsupported',
  point: null,
  drawing: false,
  region: null,
};

export interface Actions {
  play(): void;
  pause(): void;
  seek(frame: number): void;
  selectTake(takeId: string, frame?: number): void;
  requestTake(shotId: string): void;
  cancelTake(takeId: string): void;
  resolveTake(takeId: string, retry: boolean): void;
  writeNote(text: string): void;
  decide(revisionId: string, accept: boolean): void;
  setLanguage(language: Language): void;
  setName(name: string): void;
  setMode(mode: 'take' | 'stage'): void;
  toggleVr(): void;
  clearPoint(): void;
  /** Begin to draw a region on the paused picture, or give it up. */
  drawRegion(on: boolean): void;
  setRegion(shape: DrawnShape): void;
}

export interface UiContext {
  readonly room: Store<RoomState>;
  readonly view: Store<ViewState>;
  readonly actions: Actions;
  /** Words in the language of the moment. */
  readonly t: Translate;
}

/** Redraw `draw` when one of the picked values or the language changes. */
export function follow(context: UiContext, pick: (room: RoomState, view: ViewState) => readonly unknown[], draw: () => void): void {
  let last: readonly unknown[] | null = null;
  const check = (): void => {
    const next = [...pick(context.room.value, context.view.value), context.view.value.language];
    if (last && next.every((value, i) => Object.is(value, last?.[i]))) return;
    last = next;
    draw();
  };
  context.room.on(check);
  context.view.on(check);
  check();
}
