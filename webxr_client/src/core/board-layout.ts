/** Where everything on the headset's board is, in its own pixels from its upper left corner, and what is there to be pressed. Pure. */
import type { BoardBody, BoardHead } from './board';
import type { Vec3 } from './pose';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type BoardAction =
  | { readonly kind: 'select'; readonly takeId: string }
  | { readonly kind: 'cancel'; readonly takeId: string }
  | { readonly kind: 'decide'; readonly revisionId: string; readonly accept: boolean }
  | { readonly kind: 'flip' }
  | { readonly kind: 'page'; readonly by: -1 | 1 }
  | { readonly kind: 'playPause' }
  | { readonly kind: 'seek' };

/** Something to be pressed. `id` says which of them is pointed at. */
export interface Area {
  readonly id: string;
  readonly rect: Rect;
  readonly action: BoardAction;
}

export const BOARD_PX = { width: 1600, height: 940 } as const;
export const HEAD_PX = 212;
const BODY_TOP = HEAD_PX + 16;
const MARGIN = 40;
const GAP = 20;
const ARROW = 76;
const GROUP = 60;
const CARD = { width: 365, poster: 205, height: 365 } as const;
const FOOT = 176;
const HELP = 84;
const BUTTON = { width: 250, height: 116 } as const;

export interface CardPlace {
  readonly card: Rect;
  readonly poster: Rect;
  readonly cancel: Rect | null;
}

export interface BoardLayout {
  readonly head: Rect;
  readonly play: Rect;
  readonly bar: Rect;
  readonly flip: { readonly before: Rect; readonly after: Rect } | null;
  readonly body: Rect;
  readonly cards: readonly CardPlace[];
  readonly groups: readonly Rect[];
  readonly earlier: Rect | null;
  readonly later: Rect | null;
  /** What is decided, or what was said. */
  readonly foot: Rect | null;
  readonly accept: Rect | null;
  readonly reject: Rect | null;
  readonly help: Rect;
}

export function layoutOf(head: BoardHead, body: BoardBody): BoardLayout {
  const inner = BOARD_PX.width - 2 * MARGIN;
  const paged = body.before + body.behind > 0;
  const scale = paged ? (inner - 2 * (ARROW + GAP) - 3 * GAP) / 4 / CARD.width : 1;
  const size = { width: Math.round(CARD.width * scale), poster: Math.round(CARD.poster * scale) };
  const cardHeight = CARD.height - CARD.poster + size.poster;
  const row = body.cards.length * (size.width + GAP) - GAP;
  const left = paged ? MARGIN + ARROW + GAP : Math.round((BOARD_PX.width - row) / 2);
  const top = BODY_TOP + (body.groups.length > 0 ? GROUP + 16 : MARGIN - 8);
  const cards = body.cards.map((card, i): CardPlace => {
    const x = left + i * (size.width + GAP);
    return {
      card: { x, y: top, width: size.width, height: cardHeight },
      poster: { x, y: top, width: size.width, height: size.poster },
      cancel: card.cancel ? { x: x + 12, y: top + cardHeight - 76, width: size.width - 24, height: 64 } : null,
    };
  });
  const groups = body.groups.map(({ from, to }) => ({ x: left + from * (size.width + GAP), y: BODY_TOP + 12, width: (to - from + 1) * (size.width + GAP) - GAP, height: GROUP }));
  const arrow = (x: number): Rect => ({ x, y: top, width: ARROW, height: cardHeight });
  const cardsEnd = body.cards.length > 0 ? top + cardHeight + 16 : BODY_TOP;
  const foot = body.decision || body.lines.length > 0 ? { x: MARGIN, y: cardsEnd, width: inner, height: body.decision ? FOOT : 20 + 62 * body.lines.length } : null;
  const helpTop = foot ? foot.y + foot.height : cardsEnd;
  const buttonTop = foot ? foot.y + (FOOT - BUTTON.height) / 2 : 0;
  const right = BOARD_PX.width - MARGIN;
  const half = 250;
  return {
    head: { x: 0, y: 0, width: BOARD_PX.width, height: HEAD_PX },
    play: { x: MARGIN - 16, y: 116, width: 660, height: 88 },
    bar: { x: 740, y: 116, width: right - 740, height: 88 },
    flip: head.flip ? { before: { x: right - 2 * half - 8, y: 22, width: half, height: 78 }, after: { x: right - half, y: 22, width: half, height: 78 } } : null,
    body: { x: 0, y: BODY_TOP, width: BOARD_PX.width, height: helpTop + HELP - BODY_TOP },
    cards,
    groups,
    earlier: body.before > 0 ? arrow(MARGIN) : null,
    later: body.behind > 0 ? arrow(BOARD_PX.width - MARGIN - ARROW) : null,
    foot,
    accept: foot && body.decision ? { x: right - BUTTON.width, y: buttonTop, ...BUTTON } : null,
    reject: foot && body.decision ? { x: right - 2 * BUTTON.width - GAP, y: buttonTop, ...BUTTON } : null,
    help: { x: MARGIN, y: helpTop, width: inner, height: HELP },
  };
}

/** What can be pressed; of areas that overlap the later is above. */
export function areasOf(layout: BoardLayout, head: BoardHead, body: BoardBody): readonly Area[] {
  const areas: Area[] = [];
  const add = (id: string, rect: Rect | null | undefined, action: BoardAction): void => {
    if (rect) areas.push({ id, rect, action });
  };
  add('play', layout.play, { kind: 'playPause' });
  add('seek', layout.bar, { kind: 'seek' });
  add(head.flip?.showing === 'after' ? 'flip.before' : 'flip.after', layout.flip?.[head.flip?.showing === 'after' ? 'before' : 'after'], { kind: 'flip' });
  add('earlier', layout.earlier, { kind: 'page', by: -1 });
  add('later', layout.later, { kind: 'page', by: 1 });
  for (const [i, { takeId, watchable, shown }] of body.cards.entries()) {
    if (watchable && !shown) add(`card ${takeId}`, layout.cards[i]?.card, { kind: 'select', takeId });
    add(`cancel ${takeId}`, layout.cards[i]?.cancel, { kind: 'cancel', takeId });
  }
  if (body.decision) {
    const { revisionId } = body.decision;
    add('reject', layout.reject, { kind: 'decide', revisionId, accept: false });
    add('accept', layout.accept, { kind: 'decide', revisionId, accept: true });
  }
  return areas;
}

export function within({ x, y, width, height }: Rect, at: Spot): boolean {
  return at.x >= x && at.x < x + width && at.y >= y && at.y < y + height;
}

/** A place on the board, pixels. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

export function areaAt(areas: readonly Area[], at: Spot | null): Area | null {
  return at ? (areas.findLast(({ rect }) => within(rect, at)) ?? null) : null;
}

/** How far through the clip (0..1) a press on the bar is. */
export function shareAt({ x, width }: Rect, at: Spot): number {
  return Math.min(Math.max((at.x - x) / Math.max(1, width), 0), 1);
}

/**
 * Where a ray meets the board from the front, or null. Ray and board are in the board's space: metres, the board's middle at
 * the origin, its face towards +Z. `widthM`: of the whole board.
 */
export function spotOf(origin: Vec3, direction: Vec3, widthM: number): Spot | null {
  if (origin[2] <= 0 || direction[2] >= -1e-6) return null;
  const reach = -origin[2] / direction[2];
  const pxPerM = BOARD_PX.width / widthM;
  const spot = { x: BOARD_PX.width / 2 + (origin[0] + reach * direction[0]) * pxPerM, y: BOARD_PX.height / 2 - (origin[1] + reach * direction[1]) * pxPerM };
  return within({ x: 0, y: 0, ...BOARD_PX }, spot) ? spot : null;
}

/** Is a place on what is drawn of the board? Beside it the picture is meant. */
export function onBoard({ head, body }: BoardLayout, at: Spot): boolean {
  return within(head, at) || within(body, at);
}
