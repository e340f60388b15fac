/** What the interface shows and what it can ask for: its whole contract with the rest of the client. */
import type { Store } from '../core/events';
import type { Language, Translate } from '../core/i18n';
import type { KnownClip } from '../core/manifest';
import type { DrawnShape } from '../core/region';
import type { Engine, Estimate, Spending } from '../core/engines';
import type { RoomState, ShownError } from '../core/room';
import type { Filmstrip } from '../core/thumbs';
import type { Ask } from '../core/variants';
import type { Override, Take } from '../protocol/messages';

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
  /** The shot whose next take is being put together. */
  readonly asking: string | null;
  /** What was asked for last and refused for its words. */
  readonly refusal: { readonly shotId: string; readonly ask: Ask; readonly error: ShownError } | null;
  /** The request whose takes are seen side by side. */
  readonly compare: string | null;
  /** The redrawn take that is being held against its parent. */
  readonly after: string | null;
  /** Those that the server has; none where it does not say. */
  readonly engines: readonly Engine[];
  readonly spending: Spending | null;
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
  asking: null,
  refusal: null,
  compare: null,
  after: null,
  engines: [],
  spending: null,
};

export interface Actions {
  play(): void;
  pause(): void;
  seek(frame: number): void;
  /** Show a take: from its beginning, or at a frame, running or paused as the room is. */
  selectTake(takeId: string, frame?: number): void;
  /** `override`: who answers for words that the gate refuses. */
  requestTake(shotId: string, ask?: Ask, override?: Override): void;
  /** Put the next take of a shot together, or give it up. */
  openAsk(shotId: string | null): void;
  /** What the takes asked for would be and cost; or a line why they cannot be made, empty where the server does not say. */
  estimate(shotId: string, ask: Ask): Promise<Estimate | string>;
  /** See the takes of a request side by side, or no more. */
  compare(requestId: string | null): void;
  approve(takeId: string, approved: boolean): void;
  /** Between a redrawn take and its parent, at the same frame. */
  flip(): void;
  filmstrip(take: Take): Promise<Filmstrip | null>;
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
  setRegion(region: NonNullable<ViewState['region']>): void;
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
