/** The takes of one request, side by side: which belong together, and in what each differs. Pure. */
import type { Guidance, Variation } from './engines';
import type { RequestTake, Take } from '../protocol/messages';
import type { Language, Translate } from './i18n';
import { wordOf } from './labels';
import { betterFirst } from './tries';

export type Differ = NonNullable<Take['provenance']['variant']>['differ'];
const NOTHING_CAME = new Set<Take['state']>(['cancelled', 'failed', 'unknown']);
export const DIFFERS: readonly Differ[] = ['reading', 'seed', 'style'];
export const MOST_VARIANTS = 3;
/** The looks there are, by their lexicon id. */
export const STYLES = ['warm_golden', 'blue_grey', 'noir', 'ink_wash', 'neon', 'bleached', 'moonlit', 'overcast'] as const;

/**
 * What the takes that are seen side by side have in common: the request they were asked for in, or the first try of one that
 * the quality check had made again. Null where a take stands alone.
 */
export function requestOf(takes: readonly Take[], take: Take): string | null {
  const { variant, retryOf } = take.provenance;
  return variant?.requestId ?? retryOf ?? (takes.some((other) => other.provenance.retryOf === take.id) ? take.id : null);
}

/** The takes of a request in its order. What came to nothing and was made again is left out; of a take and its retake, the better comes first. */
export function takesOfRequest(takes: readonly Take[], requestId: string): readonly Take[] {
  const places = new Map<number, Take[]>();
  for (const take of takes.toSorted((a, b) => a.number - b.number)) {
    if (requestOf(takes, take) !== requestId) continue;
    const index = take.provenance.variant?.index ?? 0;
    places.set(index, [...(places.get(index) ?? []).filter((earlier) => !NOTHING_CAME.has(earlier.state)), take]);
  }
  return [...places.entries()].toSorted(([a], [b]) => a - b).flatMap(([, tries]) => betterFirst(tries));
}

/** The takes that `take` is seen beside, itself among them; none where it stands alone. */
export function siblings(takes: readonly Take[], take: Take | undefined): readonly Take[] {
  const requestId = take ? requestOf(takes, take) : null;
  const found = requestId ? takesOfRequest(takes.filter((other) => other.shotId === take?.shotId), requestId) : [];
  return found.length > 1 ? found : [];
}

/** Is this the take with which its request begins in a list by number? */
export function opensRequest(takes: readonly Take[], take: Take): boolean {
  const requestId = requestOf(takes, take);
  return requestId !== null && !takes.some((other) => other.shotId === take.shotId && other.number < take.number && requestOf(takes, other) === requestId);
}

/** What takes side by side are: so many readings, seeds or looks, or the tries of one take. */
export function requestWords(all: readonly Take[], t: Translate): string {
  const variants = new Set(all.flatMap(({ provenance: { variant } }) => (variant ? [variant.index] : [])));
  const differ = all[0]?.provenance.variant?.differ;
  return differ && variants.size > 1 ? t(`variants.${differ}.many`, { count: variants.size }) : t('tries.many', { count: all.length });
}

/** In what a take of a request differs, in a director's words; the first take of the request says what the others leave. */
export function variantWords(take: Variation, all: readonly Variation[], language: Language): string {
  const { variant, seed } = take.provenance;
  if (!variant) return '';
  const words = (value: string): string => wordOf(value, language);
  if (variant.differ === 'seed') return String(seed);
  if (variant.differ === 'style') return take.spec.style ? words(take.spec.style) : words('as_told');
  const told = readingOf(take, words);
  const others = all.map((other) => readingOf(other, words));
  const differing = told.filter((word, i) => word && others.some((other) => other[i] !== word));
  return differing.join(' · ');
}

/** What a reading may change, in a fixed order; an empty word where nothing is said. */
function readingOf({ spec }: Variation, words: (value: string) => string): readonly string[] {
  const { camera, timeOfDay, style } = spec;
  return [
    words(camera.shotSize),
    camera.lensMm ? `${Math.round(camera.lensMm)} mm` : '',
    camera.angle === 'eye' ? '' : words(camera.angle),
    words(camera.move),
    words(timeOfDay),
    style ? words(style) : '',
  ];
}

/** What is asked for with a new take. `engine` null: the server's own choice. */
export interface Ask {
  readonly engine: string | null;
  readonly variants: number;
  readonly differ: Differ;
  readonly styles: readonly string[];
  /** What of the shot's blocking an engine that can is to follow. */
  readonly guidance: Guidance;
}

export const PLAIN_ASK: Ask = { engine: null, variants: 1, differ: 'reading', styles: [], guidance: 'auto' };

/** The ask with a look chosen or given up; never more looks than takes, the oldest choice goes. */
export function withStyle(ask: Ask, style: string): Ask {
  const styles = ask.styles.includes(style) ? ask.styles.filter((s) => s !== style) : [...ask.styles, style].slice(-ask.variants);
  return { ...ask, styles };
}

/** What is sent of the guidance: another engine may not offer what was chosen. */
export function guidanceSent({ guidance }: Ask, guides: readonly Guidance[]): Guidance {
  return guidance === 'off' || guides.includes(guidance) ? guidance : 'auto';
}

/** Looks go along only when there are as many as takes; else the server chooses. */
export function stylesSent({ variants, differ, styles }: Ask): readonly string[] {
  return variants > 1 && differ === 'style' && styles.length === variants ? styles : [];
}

/** What is sent of an ask, alike to have takes made and to hear what they would be. */
export function askSent(ask: Ask, guides: readonly Guidance[]): Pick<RequestTake, 'engine' | 'variants' | 'differ' | 'styles' | 'guidance'> {
  return { engine: ask.engine, variants: ask.variants, differ: ask.differ, styles: [...stylesSent(ask)] as NonNullable<RequestTake['styles']>, guidance: guidanceSent(ask, guides) };
}
