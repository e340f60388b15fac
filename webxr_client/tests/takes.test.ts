import { expect, test } from 'vitest';
import { asEngines, asEstimate, asSpending, followedWords, money, spentShare } from '../src/core/engines';
import { beforeAfter, sameFrame } from '../src/core/redraw';
import { translator } from '../src/core/i18n';
import { newest } from '../src/core/newest';
import { stillPath } from '../src/core/room';
import { betterFirst, tryWords, whyBetter } from '../src/core/tries';
import { askSent, guidanceSent, opensRequest, PLAIN_ASK, requestOf, requestWords, siblings, stylesSent, takesOfRequest, variantWords, withStyle, type Ask, type Differ } from '../src/core/variants';
import { problemOf } from '../src/net/api';
import type { Progress, Take } from '../src/protocol/messages';

type Told = Partial<Take['provenance']>;

const take = (number: number, told: Told = {}, spec: object = {}, frameCount = 48): Take => ({
  id: `t${number}`,
  number,
  state: 'ready',
  findings: [],
  spec: { style: null, timeOfDay: 'day', camera: { shotSize: 'medium', lensMm: null, angle: 'eye', move: 'static' }, ...spec },
  provenance: { seed: 100 + number, parentTakeId: null, redrawn: null, variant: null, retryOf: null, ...told },
  renditions: frameCount > 0 ? [{ quality: 'final', frameCount }] : [],
} as unknown as Take);

const variant = (differ: Differ, index: number, requestId = 'r'): Told => ({ variant: { requestId, differ, index } });

test('the takes of a request come in its order, of one made again the latest', () => {
  const dropped: Take = { ...take(4, variant('seed', 1)), state: 'cancelled' };
  const takes = [take(1), dropped, take(3, variant('seed', 0)), take(5, variant('seed', 2)), take(6, variant('seed', 1)), take(7, variant('seed', 0, 'other'))];
  expect(takesOfRequest(takes, 'r').map((t) => t.number)).toEqual([3, 6, 5]);
  expect(siblings(takes, takes[3]).map((t) => t.number)).toEqual([3, 6, 5]);
  expect(siblings(takes, takes[0])).toEqual([]);
  expect(takes.filter((t) => opensRequest(takes, t)).map((t) => t.number)).toEqual([3, 7]);
  expect(siblings(takes, takes[5])).toEqual([]);
  expect(siblings(takes, undefined)).toEqual([]);
});

const found = (told: Take, ...misses: readonly number[]): Take => ({ ...told, findings: misses.map((value) => ({ check: 'sharpness', value, threshold: 10, reason: 'soft', frame: null })) });

test('a take that the check had made again is shown beside its retake, the better one first, with why', () => {
  const takes = [found(take(1, variant('seed', 0)), 4), take(2, variant('seed', 1)), take(3, { ...variant('seed', 0), retryOf: 't1', parentTakeId: 't1' })];
  expect(takesOfRequest(takes, 'r').map((t) => t.number)).toEqual([3, 1, 2]);
  const t = translator('en');
  expect(requestWords(takesOfRequest(takes, 'r'), t)).toBe('2 seeds');
  expect(takes.map((x) => tryWords(takes, x, t))).toEqual(['First try', '', 'Take 1 once more, another seed · the better one: nothing found, the other: soft']);

  const worse = [found(take(1), 4), found(take(2, { retryOf: 't1', parentTakeId: 't1' }), 4, 5)];
  expect(siblings(worse, worse[1]).map((x) => x.number)).toEqual([1, 2]);
  expect(worse.map((x) => [requestOf(worse, x), opensRequest(worse, x)])).toEqual([['t1', true], ['t1', false]]);
  expect(requestWords(worse, t)).toBe('2 tries');
  expect(tryWords(worse, worse[0] as Take, translator('zh'))).toBe('第一次 · 较好:1 处问题,另一条 2 处');
  const close = [found(take(1), 4), found(take(2, { retryOf: 't1' }), 6)];
  expect(betterFirst(close).map((x) => x.number)).toEqual([2, 1]);
  expect([whyBetter(close[1] as Take, close[0] as Take), whyBetter(close[0] as Take, close[0] as Take)]).toEqual(['closer', 'even']);
  const working = [found(take(1), 4), { ...take(2, { retryOf: 't1' }), state: 'generating' as const }];
  expect(betterFirst(working).map((x) => x.number)).toEqual([1, 2]);
  expect(tryWords(working, working[0] as Take, t)).toBe('First try');
});

test('a take says in what it differs from those beside it, and in nothing else', () => {
  const seeds = [take(1, variant('seed', 0)), take(2, variant('seed', 1))];
  expect(seeds.map((t) => variantWords(t, seeds, 'en'))).toEqual(['101', '102']);
  const looks = [take(1, variant('style', 0)), take(2, variant('style', 1), { style: 'noir' })];
  expect(looks.map((t) => variantWords(t, looks, 'zh'))).toEqual(['按原文', '黑色电影']);
  const camera = { shotSize: 'close_up', lensMm: 85, angle: 'low', move: 'static' };
  const readings = [take(1, variant('reading', 0)), take(2, variant('reading', 1), { camera, timeOfDay: 'sunset' })];
  expect(readings.map((t) => variantWords(t, readings, 'en'))).toEqual(['medium shot · day', 'close-up · 85 mm · low · sunset']);
});

test('looks are chosen up to the number of takes, and sent only when that many are', () => {
  let ask: Ask = { ...PLAIN_ASK, variants: 3, differ: 'style' };
  for (const style of ['noir', 'neon', 'ink_wash', 'bleached']) ask = withStyle(ask, style);
  expect(ask.styles).toEqual(['neon', 'ink_wash', 'bleached']);
  expect(stylesSent(ask)).toEqual(ask.styles);
  expect(withStyle(ask, 'neon').styles).toEqual(['ink_wash', 'bleached']);
  expect(stylesSent(withStyle(ask, 'neon'))).toEqual([]);
  expect(stylesSent({ ...ask, differ: 'seed' })).toEqual([]);
  expect(stylesSent({ ...ask, variants: 1 })).toEqual([]);
});

test('engines are read leniently, those that are ready first', () => {
  const text = { text: {} };
  const said = [{ name: 'wan-http', embedded: false, missing: 'no key', modes: text }, { name: 'blockout', embedded: true, missing: null, modes: text }, { name: 'image-only', modes: { image: {} } }, 7, null];
  expect(asEngines(said)).toEqual([{ name: 'blockout', embedded: true, missing: null, guides: [] }, { name: 'wan-http', embedded: false, missing: 'no key', guides: [] }]);
  const [guided] = asEngines([{ name: 'comfyui', modes: { text: { guides: ['pose', 'dance'] }, repaint: { guides: ['depth', 'camera'] } } }]);
  expect(guided?.guides).toEqual(['depth', 'pose']);
  const ask: Ask = { ...PLAIN_ASK, guidance: 'camera' };
  expect(guidanceSent(ask, guided?.guides ?? [])).toBe('auto');
  expect(guidanceSent({ ...ask, guidance: 'pose' }, ['pose'])).toBe('pose');
  expect(guidanceSent({ ...ask, guidance: 'off' }, [])).toBe('off');
  expect(asEngines({ detail: 'not found' })).toEqual([]);
});

test('an estimate says what each take would be told and cost, and all of them', () => {
  const one = { spec: take(1).spec, seed: 5, variant: { requestId: 'r', differ: 'reading', index: 0 }, prompt: 'a man', due: 0.5, dropped: ['mood'], remarks: ['5 s'], sent: [{ width: 1280, height: 720, durationS: 5.0625, prompt: 'Medium shot, a man' }] };
  const other = { ...one, due: 0, remarks: ['5 s', 'no seed'], spec: { ...one.spec, timeOfDay: 'sunset' }, variant: { ...one.variant, index: 1 } };
  const estimate = asEstimate({ engine: 'wan', due: 0.5, cost: { amount: 1, currency: 'CNY' }, takes: [one, other], hindrances: [{ code: 'over-budget', detail: 'no', overridable: false }] });
  expect(estimate).toMatchObject({ due: 0.5, currency: 'CNY', changed: ['mood', '5 s', 'no seed'], hindrances: [{ code: 'over-budget', overridable: false }] });
  expect(estimate.takes[0]).toMatchObject({ sent: ['1280×720, 5.06 s'], prompts: ['Medium shot, a man'], due: 0.5 });
  const all = estimate.takes.flatMap(({ variation }) => (variation ? [variation] : []));
  expect(all.map((variation) => variantWords(variation, all, 'en'))).toEqual(['day', 'sunset']);
  const [bare] = asEstimate({ due: null, takes: [{ prompt: 'a man', guidance: 7 }] }).takes;
  expect(bare).toEqual({ variation: null, prompts: ['a man'], due: null, sent: [], followed: null });
  expect(asEstimate('no').takes).toEqual([]);
});

test('what would be followed is said where it is not just what was asked', () => {
  const followed = (said: object, t = translator('en')): string => followedWords(asEstimate({ takes: [{ guidance: { offered: ['depth', 'pose'], ...said } }] }).takes[0]?.followed ?? null, t);
  expect(followed({ asked: 'auto', used: 'depth', why: 'chosen' })).toBe('Would follow the blocking’s depth; the engine can also follow the stand-ins’ poses.');
  expect(followed({ asked: 'auto', used: 'depth', why: 'only', offered: ['depth'] }, translator('zh'))).toBe('将依照走位的深度;该引擎别无可依照的。');
  expect(followed({ asked: 'pose', used: 'pose', why: 'asked' })).toBe('');
  expect(followed({ asked: 'auto', used: null, why: 'lens' }, translator('zh'))).toContain('鱼眼');
  expect(followed({ asked: 'dance', used: null, why: 'tired', detail: 'Not today.' })).toBe('Not today.');
  expect(followed({ used: 'depth' })).toBe('');
});

test('an ask is sent alike to be made and to be estimated', () => {
  const ask: Ask = { engine: 'e', variants: 3, differ: 'style', styles: ['noir'], guidance: 'camera' };
  expect(askSent(ask, ['depth'])).toEqual({ engine: 'e', variants: 3, differ: 'style', styles: [], guidance: 'auto' });
});

test('what is spent is held against the limit', () => {
  const spending = asSpending({ spent: 4, currency: 'CNY', budget: { limit: 5, currency: 'CNY' }, orders: 3 });
  expect(spending && spentShare(spending)).toBe(0.8);
  expect(spentShare({ spent: 0, limit: 0, currency: 'USD', orders: 0 })).toBe(1);
  expect(asSpending({ detail: 'no' })).toBeNull();
  expect([money(12.5, 'USD'), money(0.004, 'USD'), money(0, 'USD')]).toEqual(['12.50 USD', '0.0040 USD', '0.00 USD']);
});

test('a redrawn take is held against its parent, at the same frame, and back', () => {
  const region = { noteId: 'n', frame: 3, region: {} } as unknown as Take['provenance']['redrawn'];
  const takes = [take(1), take(2, { redrawn: region, parentTakeId: 't1' }), take(3, { redrawn: region, parentTakeId: 't2' }, {}, 24), take(4, { redrawn: region, parentTakeId: 'gone' })];
  expect(beforeAfter(takes, 't1', null)).toBeNull();
  expect(beforeAfter(takes, 't2', null)).toMatchObject({ before: { id: 't1' }, after: { id: 't2' }, showing: 'after' });
  expect(beforeAfter(takes, 't1', 't2')).toMatchObject({ after: { id: 't2' }, showing: 'before' });
  expect(beforeAfter(takes, 't2', 't3')).toMatchObject({ before: { id: 't2' }, after: { id: 't3' }, showing: 'before' });
  expect(beforeAfter(takes, 't4', null)).toBeNull();
  const again = [...takes, take(5, { redrawn: region, parentTakeId: 't2', retryOf: 't2' })];
  expect(beforeAfter(again, 't5', null)).toMatchObject({ before: { id: 't1' }, after: { id: 't5' } });
  expect([sameFrame(30, takes[0] as Take), sameFrame(30, takes[2] as Take), sameFrame(-1, take(9, {}, {}, 0))]).toEqual([30, 23, 0]);
});

test('a take that is being made shows the newest still of it, and its poster once there is one', () => {
  const told = (preview: number | null): Progress => ({ type: 'progress', takeId: 't1', stage: 'generating', fraction: 0.3, playableFrames: 0, etaS: null, preview });
  const one = take(1);
  const making = { ...one, state: 'generating', renditions: [] } as unknown as Take;
  expect(stillPath(making, undefined)).toBeNull();
  expect(stillPath(making, told(null))).toBeNull();
  expect(stillPath(making, told(7))).toBe('api/takes/t1/preview?n=7');
  expect(stillPath(making, told(0))).toBe('api/takes/t1/preview?n=0');
  expect(stillPath({ ...making, state: 'failed' }, told(7))).toBeNull();
  const { preview: _, ...older } = told(7); // a server that knows no previews
  expect(stillPath(making, older as Progress)).toBeNull();
  const draft = { quality: 'draft' } as Take['renditions'][number];
  expect(stillPath({ ...making, renditions: [draft] }, told(7))).toBe('api/takes/t1/draft/poster.jpg');
});

test('a picture stays until the next is there; one that comes late or is none changes nothing', async () => {
  const coming = new Map<string, { come: (picture: string) => void; fail: () => void }>();
  const seen: (string | null)[] = [];
  const load = (path: string): Promise<string> => new Promise((come, reject) => coming.set(path, { come, fail: () => reject(new Error('404')) }));
  const show = newest(load, (picture: string | null) => seen.push(picture));
  const asked = ['1', '2', '2', '3', '4'].map(show);
  expect([...coming.keys()]).toEqual(['1', '2', '3', '4']); // each is asked for once
  coming.get('2')?.come('two');
  coming.get('1')?.come('one');
  coming.get('3')?.fail();
  await Promise.all(asked.slice(0, 4));
  expect(seen).toEqual(['two']);
  const gone = show(null);
  coming.get('4')?.come('four');
  await Promise.all([gone, ...asked]);
  expect(seen).toEqual(['two', null]);
});

test('a refusal keeps its code and words; one without them says its status', () => {
  expect(problemOf(409, { code: 'over-budget', title: 'Over budget', detail: 'spent' })).toEqual({ code: 'over-budget', title: 'Over budget', detail: 'spent' });
  expect(problemOf(502, null)).toEqual({ code: 'http-502', title: 'Status 502', detail: '' });
});
