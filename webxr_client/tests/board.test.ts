import { expect, test } from 'vitest';
import { boardBody, boardHead, MOST_CARDS, paged, pagingOf, windowStart, type Sight } from '../src/core/board';
import { areaAt, areasOf, BOARD_PX, layoutOf, onBoard, shareAt, spotOf, within, type Rect } from '../src/core/board-layout';
import { translator } from '../src/core/i18n';
import { emptyRoom, type RoomState } from '../src/core/room';
import type { Revision, Take } from '../src/protocol/messages';

const t = translator('en');
const SIGHT: Sight = { language: 'en', takeId: 't2', quality: 'final', frame: 36, frameCount: 73, fps: 24, playing: false, mode: 'take', after: null };

const take = (number: number, told: object = {}, provenance: object = {}): Take => ({
  id: `t${number}`, shotId: 's', number, state: 'ready', findings: [], approval: null,
  spec: { style: null, timeOfDay: 'day', camera: { shotSize: 'medium', lensMm: null, angle: 'eye', move: 'static' } },
  provenance: { seed: 40 + number, parentTakeId: null, redrawn: null, variant: null, retryOf: null, ...provenance },
  renditions: [{ quality: 'final', frameCount: 73 }],
  ...told,
} as unknown as Take);

const variant = (index: number): object => ({ variant: { requestId: 'r', differ: 'seed', index } });
const soft = { findings: [{ check: 'sharpness', value: 1, threshold: 2, reason: 'soft', frame: null }, { check: 'underexposed', value: 1, threshold: 2, reason: 'dark', frame: 3 }] };
const proposed = { id: 'v', shotId: 's', noteId: 'n', state: 'proposed', changes: [{}], diff: [{ path: 'actionSpeed', before: '1', after: '0.7' }, { path: 'camera.distanceScale', before: '1', after: '0.75' }, { path: 'durationS', before: '3', after: '4' }] } as unknown as Revision;

const room = (takes: readonly Take[], more: Partial<RoomState> = {}): RoomState => ({ ...emptyRoom('r'), shots: [{ id: 's', slate: '1A' } as RoomState['shots'][number]], takes, ...more });
const board = (state: RoomState, sight = SIGHT, start: number | null = null) => {
  const [head, body] = [boardHead(state, sight, t), boardBody(state, sight, start, t)];
  const layout = layoutOf(head, body);
  return { head, body, layout, areas: areasOf(layout, head, body) };
};
const middle = ({ x, y, width, height }: Rect) => ({ x: x + width / 2, y: y + height / 2 });

test('a card says its number, how it stands, what is wrong with it and in what it differs', () => {
  const busy = take(4, { state: 'generating', renditions: [] }, variant(1));
  const takes = [take(1, { approval: { by: 'Ann', at: '' } }), take(2, soft), take(3, {}, variant(0)), busy, take(9, { shotId: 'other' })];
  const { body } = board(room(takes, { progress: { t4: { type: 'progress', takeId: 't4', stage: 'draft', fraction: 0.25, playableFrames: 0, etaS: 9, preview: null } } }));
  expect(body.cards.map((card) => [card.number, card.state, card.found, card.differs, card.fraction, card.approved, card.shown, card.cancel])).toEqual([
    [1, 'Final', '', '', null, true, false, ''],
    [2, 'Final', 'soft +1', '', null, false, true, ''],
    [3, 'Final', '', '43', null, false, false, ''],
    [4, 'In work', '', '44', 0.25, false, false, 'Cancel'],
  ]);
  expect(body.groups).toEqual([{ from: 2, to: 3, words: '2 seeds' }]);
  expect(board(room([take(1, soft), take(2, {}, { retryOf: 't1' })])).body.groups).toEqual([{ from: 0, to: 1, words: '2 tries' }]);
});

test('a change that waits is put to the director, and to no viewer', () => {
  const state = room([take(2)], { revisions: [proposed, { ...proposed, id: 'old', state: 'rejected' }] });
  expect(board(state).body.decision).toMatchObject({ revisionId: 'v', lines: ['Action pace  ×1 → ×0.7', 'Camera distance  ×1 → ×0.75  +1'] });
  const viewer = { id: 'p', role: 'viewer' } as RoomState['self'];
  expect(board({ ...state, self: viewer }).body.decision).toBeNull();
  expect(boardBody(state, { ...SIGHT, language: 'zh' }, null, translator('zh')).decision?.accept).toBe('采纳');
});

test('everything to be pressed is on the board, apart from the others, and does its own', () => {
  const redrawn = take(3, {}, { redrawn: {}, parentTakeId: 't2' });
  const takes = [take(1), take(2), redrawn, take(4, { state: 'queued', renditions: [] }), take(5), take(6)];
  const { layout, areas } = board(room(takes, { revisions: [proposed] }), { ...SIGHT, takeId: 't3' }, 1);
  expect(areas.map(({ id }) => id)).toEqual(['play', 'seek', 'flip.before', 'earlier', 'later', 'card t2', 'cancel t4', 'card t5', 'reject', 'accept']);
  for (const { id, rect } of areas) {
    expect(areaAt(areas, middle(rect))?.id).toBe(id);
    expect(within({ x: 0, y: 0, ...BOARD_PX }, rect) && rect.x + rect.width <= BOARD_PX.width && rect.y + rect.height <= BOARD_PX.height).toBe(true);
    expect(areas.filter((other) => within(other.rect, middle(rect))).length).toBe(1);
  }
  expect(layout.body.y + layout.body.height).toBeLessThanOrEqual(BOARD_PX.height);
  const shown = layout.cards[1];
  expect(shown && areaAt(areas, middle(shown.poster))).toBeNull(); // the one on screen: nothing to choose, and not beside the board
  expect(shown && onBoard(layout, middle(shown.poster))).toBe(true);
});

test('the board is as large as what it says; below that the picture is meant', () => {
  const { layout } = board(room([]), { ...SIGHT, takeId: null });
  expect(onBoard(layout, { x: 800, y: BOARD_PX.height - 10 })).toBe(false);
  const full = board(room([take(1), take(2)], { revisions: [proposed] })).layout;
  expect(full.body.height).toBeGreaterThan(layout.body.height + 400);
});

test('the takes on the board are those round the one that is shown, or those that were paged to', () => {
  expect([windowStart(3, 2, null), windowStart(9, 8, null), windowStart(9, 1, null), windowStart(9, -1, null), windowStart(9, 1, 4), windowStart(9, 1, 99), windowStart(9, 1, -4)]).toEqual([0, 5, 1, 5, 4, 5, 0]);
  const takes = Array.from({ length: 7 }, (_, i) => take(i + 1));
  const { body } = board(room(takes));
  expect([body.before, body.cards.length, body.behind]).toEqual([1, MOST_CARDS, 2]);
});

test('the board keeps its takes while one of them is chosen, and goes to what is new or being made', () => {
  const takes = Array.from({ length: 9 }, (_, i) => take(i + 1));
  const first = pagingOf(null, room(takes), 't7');
  expect(first?.start).toBe(5);
  expect(pagingOf(first, room(takes), 't9')).toEqual({ shotId: 's', count: 9, takeId: 't9', start: 5 });
  const back = first && paged(first, -1);
  expect([back?.start, pagingOf(back, room(takes), 't7')?.start, pagingOf(back, room(takes), 't3')?.start, pagingOf(back, room(takes), 't8')?.start]).toEqual([1, 1, 1, 5]);
  expect([pagingOf(back, room([...takes, take(10)]), 't2')?.start, pagingOf(back, room([...takes, take(10, { state: 'queued' })]), 't2')?.start]).toEqual([1, 6]);
  expect([first && paged(first, 1).start, pagingOf(first, room(takes), null)]).toEqual([5, null]);
});

test('a ray meets the board where it points, from its front alone', () => {
  expect(spotOf([0, 0, 1], [0, 0, -1], 1.6)).toEqual({ x: 800, y: BOARD_PX.height / 2 });
  expect(spotOf([0.3, -0.2, 0.5], [0.1, 0.2, -0.5], 1.6)).toEqual({ x: 1200, y: BOARD_PX.height / 2 });
  expect([spotOf([0, 0, -1], [0, 0, 1], 1.6), spotOf([0, 0, 1], [0, 0, 1], 1.6), spotOf([0, 0, 1], [1, 0, -1], 1.6)]).toEqual([null, null, null]);
  expect([shareAt({ x: 100, y: 0, width: 200, height: 9 }, { x: 150, y: 0 }), shareAt({ x: 100, y: 0, width: 200, height: 9 }, { x: 0, y: 0 })]).toEqual([0.25, 0]);
});
