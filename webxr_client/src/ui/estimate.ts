/** What the takes that are being put together would be: the sum, each one's reading, words and price, what they follow. */
import { followedWords, money, type Estimate, type TakeEstimate } from '../core/engines';
import { variantWords } from '../core/variants';
import { h, type Child } from './dom';
import type { UiContext } from './model';
import type { Pricing } from './pricing';

/** `open`: which of the folded parts are unfolded; kept by whoever draws this anew. */
export function estimateLines(context: UiContext, { said, stale }: Pricing, open: Set<string>): Child[] {
  const { t } = context;
  if (said === null || said === '') return [];
  if (typeof said === 'string') return [h('p', { class: 'failure' }, said)];
  const { changed } = said;
  const changes = [h('span', { class: 'badge' }, t('ask.changed', { count: changed.length }))];
  return [
    h(
      'div',
      { class: `estimate${stale ? ' stale' : ''}`, 'aria-busy': String(stale) },
      followed(context, said),
      sum(context, said),
      told(context, said, open),
      changed.length > 0 && folded('changed', open, changes, h('ul', {}, ...changed.map((line) => h('li', {}, line)))),
    ),
  ];
}

/** What the takes would follow of the blocking, where that is not just what was chosen. */
function followed({ t }: UiContext, { takes }: Estimate): Child {
  const guidance = takes[0]?.followed ?? null;
  const words = followedWords(guidance, t);
  return words !== '' && h('p', { class: 'hint', 'data-followed': guidance?.used ?? '' }, words);
}

/** Nothing is to be paid on this server, and nothing is said of it. */
function sum({ t }: UiContext, { takes, due, currency }: Estimate): Child {
  const sent = takes.flatMap((take) => take.sent);
  if (sent.length === 0) return null;
  const words = due === null ? t('ask.cost.unknown') : due === 0 ? t('ask.cost.nothing') : t('ask.cost', { amount: money(due, currency) });
  const sizes = [...new Set(sent)].map((one) => one.replace(/ s$/, `\u00a0${t('ask.seconds')}`));
  const counted = sizes.map((size, i) => (i === 0 && sent.length > 1 ? `${sent.length}\u00a0× ${size}` : size));
  return h('p', { class: 'cost', 'data-cost': due === null ? '' : String(due) }, h('strong', {}, words), ...counted.map((size) => h('span', {}, size)));
}

/** Each take, and what it would be told. */
function told(context: UiContext, { takes, currency }: Estimate, open: Set<string>): Child {
  const { view, t } = context;
  const all = takes.flatMap(({ variation }) => (variation ? [variation] : []));
  const rows = takes.filter((take) => take.prompts.length > 0).map((take, i) => {
    const words = take.variation ? variantWords(take.variation, all, view.value.language) : '';
    const summary = takes.length > 1 ? [h('b', {}, String(i + 1)), h('span', { class: 'reading' }, words || t('ask.told')), h('span', { class: 'price' }, price(context, take, currency))] : [h('span', {}, t('ask.told'))];
    return folded(`told ${i}`, open, summary, ...take.prompts.map((prompt) => h('p', { class: 'told' }, prompt)));
  });
  return rows.length > 0 && h('div', { class: 'readings' }, ...rows);
}

function price({ t }: UiContext, { due, sent }: TakeEstimate, currency: string): string {
  if (sent.length === 0) return '';
  return due === null ? '?' : due === 0 ? t('ask.cost.free') : money(due, currency);
}

function folded(name: string, open: Set<string>, summary: readonly Child[], ...inside: readonly Child[]): HTMLElement {
  const element = h('details', { class: 'remarks', open: open.has(name), 'data-folded': name }, h('summary', {}, ...summary), ...inside);
  element.addEventListener('toggle', () => (element.open ? open.add(name) : open.delete(name)));
  return element;
}
