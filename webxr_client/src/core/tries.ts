/** A take that the quality check had made again, and its retake: which of the two is better, and why. Pure. */
import type { Finding, Take } from '../protocol/messages';
import type { Translate } from './i18n';
import { findingWords } from './findings';

/** `clean`: nothing was found; `fewer`: less was found; `closer`: as much, but it misses the bar by less; `even`: no better. */
export type Why = 'clean' | 'fewer' | 'closer' | 'even';

/** The first try of a take that was made again, itself where it is one. */
export function firstTry(takes: readonly Take[], take: Take): Take {
  return takes.find((other) => other.id === take.provenance.retryOf) ?? take;
}

/** A take and the one it was made again for, or the other way round, in the order they were made; none where there is one alone. */
export function triesOf(takes: readonly Take[], take: Take): readonly Take[] {
  const first = firstTry(takes, take);
  const again = takes.filter((other) => other.provenance.retryOf === first.id);
  return again.length > 0 ? [first, ...again].toSorted((a, b) => a.number - b.number) : [];
}

/** Takes with the better one first: what can be watched, then what less was found wrong with, then what was made first. */
export function betterFirst(takes: readonly Take[]): readonly Take[] {
  return takes.toSorted((a, b) => Number(b.state === 'ready') - Number(a.state === 'ready') || a.findings.length - b.findings.length || miss(a) - miss(b) || a.number - b.number);
}

/** Why `better` comes before `other`; null while one of them cannot be judged. */
export function whyBetter(better: Take, other: Take): Why | null {
  if (better.state !== 'ready' || other.state !== 'ready') return null;
  if (better.findings.length < other.findings.length) return better.findings.length === 0 ? 'clean' : 'fewer';
  return miss(better) < miss(other) ? 'closer' : 'even';
}

/** Which try of a take it is, in a word. */
export function tryWord(take: Take, t: Translate): string {
  return t(take.provenance.retryOf === null ? 'try.one' : 'try.two');
}

/** A take among its tries, in a line: which try it is, whether it is the better one and why. Empty where it is the only one. */
export function tryWords(takes: readonly Take[], take: Take, t: Translate): string {
  const tries = triesOf(takes, take);
  if (tries.length === 0) return '';
  const [better, ...others] = betterFirst(tries);
  const which = take.provenance.retryOf === null ? t('try.first') : t('try.again', { number: firstTry(takes, take).number });
  const other = others[0];
  if (better?.id !== take.id || !other) return which;
  const why = whyBetter(better, other);
  if (why === null) return which;
  const found = { count: take.findings.length, others: other.findings.length, what: findingWords(other.findings, t) };
  return `${which} · ${t(`try.${why}`, found)}`;
}

/** By what share of its bar the worst finding misses it. */
function miss({ findings }: Take): number {
  return Math.max(0, ...findings.map(missOf));
}

function missOf({ value, threshold }: Finding): number {
  return Math.abs(value - threshold) / Math.max(Math.abs(threshold), 1e-6);
}
