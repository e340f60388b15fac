/** What the server says of its engines, of what a take would cost and of what is spent. Read leniently: servers differ. Pure. */

import type { RequestTake } from '../protocol/messages';

export type Guidance = NonNullable<RequestTake['guidance']>;
const GUIDES: readonly Guidance[] = ['depth', 'pose', 'scribble', 'camera'];

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

export interface Estimate {
  readonly engine: string;
  /** Of one take, what is new of it; null: nobody knows. */
  readonly due: number | null;
  readonly currency: string;
  /** "1280×720, 5 s", one for each order; none for an engine of the server's own. */
  readonly sent: readonly string[];
  readonly dropped: readonly string[];
  readonly remarks: readonly string[];
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

/** By words or over a redrawn blockout, which follows no path of a camera. */
function guidesOf(modes: Bag): readonly Guidance[] {
  const offered = (mode: string): readonly string[] => lines(bag(modes[mode])['guides']);
  const found = new Set([...offered('text'), ...offered('repaint').filter((guide) => guide !== 'camera')]);
  return GUIDES.filter((guide) => found.has(guide));
}

export function asEstimate(value: unknown): Estimate {
  const said = bag(value);
  const sent = list(said['sent']).map(bag).map((s) => `${String(s['width'])}×${String(s['height'])}, ${Math.round((number(s['durationS']) ?? 0) * 100) / 100} s`);
  return {
    engine: text(said['engine']),
    due: number(said['due']),
    currency: text(bag(said['cost'])['currency']) || 'USD',
    sent,
    dropped: lines(said['dropped']),
    remarks: lines(said['remarks']),
    hindrances: list(said['hindrances']).map(bag).map((h) => ({ code: text(h['code']), detail: text(h['detail']), overridable: h['overridable'] === true })),
  };
}

export function asSpending(value: unknown): Spending | null {
  const said = bag(value);
  const spent = number(said['spent']);
  if (spent === null) return null;
  const budget = bag(said['budget']);
  return { spent, limit: number(budget['limit']), currency: text(said['currency']) || 'USD', orders: number(said['orders']) ?? 0 };
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

/** Would `takes` of what was estimated go beyond the limit? One that would by itself is the server's to say. */
export function beyondBudget(estimate: Estimate, takes: number, spending: Spending | null): boolean {
  if (spending?.limit === null || spending?.limit === undefined || estimate.due === null) return false;
  return estimate.currency === spending.currency && spending.spent + estimate.due * takes > spending.limit + 1e-9;
}
