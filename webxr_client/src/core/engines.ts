/** What the server says of its engines, of what a take would cost and of what is spent. Read leniently: servers differ. Pure. */
import type { Translate } from './i18n';
import type { RequestTake, Take } from '../protocol/messages';

export type Guidance = NonNullable<RequestTake['guidance']>;
const GUIDES: readonly Guidance[] = ['depth', 'pose', 'scribble', 'camera'];
const isGuide = (word: string): word is Guidance => GUIDES.some((guide) => guide === word);

export interface Engine {
  readonly name: string;
  readonly embedded: boolean;
  /** What must be set before it can be used, one line; null: ready. */
  readonly missing: string | null;
  /** What of a shot's blocking its takes can follow. */
  readonly guides: readonly Guidance[];
}

export interface Hindrance {
  readonly code: string;
  readonly detail: string;
  /** A director may answer for it. */
  readonly overridable: boolean;
}

/** What of the blocking a take would really follow; `why` is the server's word for the reason, `detail` its sentence. */
export interface Followed {
  readonly used: Guidance | null;
  readonly asked: Guidance;
  readonly offered: readonly Guidance[];
  readonly why: string;
  readonly detail: string;
}

/** What sets the takes of a request apart. */
export type Variation = Pick<Take, 'spec'> & { readonly provenance: Pick<Take['provenance'], 'variant' | 'seed'> };

export interface TakeEstimate {
  /** Null where the server does not say how the shot is read. */
  readonly variation: Variation | null;
  /** What the engine would be told: one prompt for each of its orders. */
  readonly prompts: readonly string[];
  /** What is new of it; null: nobody knows. */
  readonly due: number | null;
  /** "1280×720, 5 s", one for each order; none for an engine of the server's own. */
  readonly sent: readonly string[];
  readonly followed: Followed | null;
}

export interface Estimate {
  readonly engine: string;
  readonly takes: readonly TakeEstimate[];
  /** Of all takes together, what is new of them; null: nobody knows. */
  readonly due: number | null;
  readonly currency: string;
  /** What was left out or changed to fit, of whichever take, each once. */
  readonly changed: readonly string[];
  readonly hindrances: readonly Hindrance[];
}

export interface Spending {
  readonly spent: number;
  readonly limit: number | null;
  readonly currency: string;
  readonly orders: number;
}

type Bag = Readonly<Record<string, unknown>>;

const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const lines = (value: unknown): string[] => list(value).map(text).filter((line) => line !== '');

/** The engines that make a clip from words; those that are ready come first, in the server's order. */
export function asEngines(value: unknown): readonly Engine[] {
  const engines = list(value).map(bag).filter((e) => text(e['name']) !== '' && 'text' in bag(e['modes']));
  const read = engines.map((e) => ({ name: text(e['name']), embedded: e['embedded'] === true, missing: text(e['missing']) || null, guides: guidesOf(bag(e['modes'])) }));
  return [...read.filter((e) => e.missing === null), ...read.filter((e) => e.missing !== null)];
}

/** What the engine of that name can follow. */
export const guidesFor = (engines: readonly Engine[], name: string | null): readonly Guidance[] => engines.find((engine) => engine.name === name)?.guides ?? [];

/** By words or over a redrawn blockout, which follows no path of a camera. */
function guidesOf(modes: Bag): readonly Guidance[] {
  const offered = (mode: string): readonly string[] => lines(bag(modes[mode])['guides']);
  const found = new Set([...offered('text'), ...offered('repaint').filter((guide) => guide !== 'camera')]);
  return GUIDES.filter((guide) => found.has(guide));
}

export function asEstimate(value: unknown): Estimate {
  const said = bag(value);
  const takes = list(said['takes']).map(bag);
  return {
    engine: text(said['engine']),
    takes: takes.map(asTakeEstimate),
    due: number(said['due']),
    currency: text(bag(said['cost'])['currency']) || 'USD',
    changed: [...new Set([...takes.flatMap((take) => lines(take['dropped'])), ...takes.flatMap((take) => lines(take['remarks']))])],
    hindrances: list(said['hindrances']).map(bag).map((h) => ({ code: text(h['code']), detail: text(h['detail']), overridable: h['overridable'] === true })),
  };
}

function asTakeEstimate(take: Bag): TakeEstimate {
  const sent = list(take['sent']).map(bag);
  const prompts = sent.map((one) => text(one['prompt'])).filter((prompt) => prompt !== '');
  const read = 'camera' in bag(take['spec']);
  return {
    variation: read ? { spec: take['spec'] as Take['spec'], provenance: { variant: (take['variant'] ?? null) as Take['provenance']['variant'], seed: number(take['seed']) ?? 0 } } : null,
    prompts: prompts.length > 0 ? prompts : lines([take['prompt']]),
    due: number(take['due']),
    sent: sent.map((one) => `${String(one['width'])}×${String(one['height'])}, ${Math.round((number(one['durationS']) ?? 0) * 100) / 100} s`),
    followed: asFollowed(take['guidance']),
  };
}

function asFollowed(value: unknown): Followed | null {
  const said = bag(value);
  const [why, used, asked] = [text(said['why']), text(said['used']), text(said['asked'])];
  if (why === '') return null;
  return { used: isGuide(used) ? used : null, asked: asked === 'off' || isGuide(asked) ? asked : 'auto', offered: lines(said['offered']).filter(isGuide), why, detail: text(said['detail']) };
}

export function asSpending(value: unknown): Spending | null {
  const said = bag(value);
  const spent = number(said['spent']);
  if (spent === null) return null;
  const budget = bag(said['budget']);
  return { spent, limit: number(budget['limit']), currency: text(said['currency']) || 'USD', orders: number(said['orders']) ?? 0 };
}

/** What a take would follow and why, where that is not just what was asked; empty otherwise. */
export function followedWords(followed: Followed | null, t: Translate): string {
  if (followed === null || followed.why === 'asked' || followed.why === 'off') return '';
  const { used, offered, why, detail } = followed;
  const words = (guide: Guidance): string => t(`ask.guidance.${guide}`);
  const others = offered.filter((guide) => guide !== used).map(words).join(t('ask.and'));
  if (used === null) return why === 'unable' || why === 'given' || why === 'lens' ? t(`ask.follows.${why}`) : detail;
  return t(others === '' ? 'ask.follows.only' : 'ask.follows.chosen', { guide: words(used), others });
}

/** "12.50 USD"; no more decimals than money has, unless it would read as nothing. */
export function money(amount: number, currency: string): string {
  const digits = amount > 0 && amount < 0.01 ? 4 : 2;
  return `${amount.toFixed(digits)} ${currency}`;
}

/** The share of the limit that is spent, 0..1; null without a limit. */
export function spentShare({ spent, limit }: Spending): number | null {
  if (limit === null) return null;
  return limit > 0 ? Math.min(1, spent / limit) : 1;
}
