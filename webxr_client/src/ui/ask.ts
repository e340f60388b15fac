/** Putting a shot's next take together: how many, in what they differ, by which engine, and what that would cost. */
import { money, type Engine, type Estimate, type Guidance, type Hindrance } from '../core/engines';
import { wordOf } from '../core/labels';
import { askSent, DIFFERS, guidanceSent, MOST_VARIANTS, PLAIN_ASK, STYLES, withStyle, type Ask } from '../core/variants';
import type { Override } from '../protocol/messages';
import { h, replace, type Child } from './dom';
import { estimateLines } from './estimate';
import { follow, type UiContext } from './model';
import { overrideForm } from './override';
import { Pricing } from './pricing';

export function askPanel(context: UiContext): HTMLElement {
  const { room, view, actions, t } = context;
  const element = h('div', { class: 'ask' });
  const override = overrideForm(context);
  let ask: Ask = PLAIN_ASK;
  let shotId: string | null = null;
  const open = new Set<string>();
  const pricing = new Pricing((shot, what) => actions.estimate(shot, what), () => draw());

  const engineOf = (): Engine | undefined => view.value.engines.find((engine) => engine.name === ask.engine);
  const sent = (): string => JSON.stringify(askSent(ask, engineOf()?.guides ?? []));
  const price = (): void => void pricing.price(shotId, engineOf(), ask);
  const change = (next: Ask): void => {
    const before = sent();
    ask = next;
    if (sent() !== before) price();
    draw();
  };

  const draw = (): void => {
    const { refusal, language } = view.value;
    const { said } = pricing;
    const director = room.value.self?.role === 'director';
    const estimate = typeof said === 'object' ? said : null;
    const gates = estimate?.hindrances.filter((hindrance) => hindrance.code === 'gate-refused') ?? [];
    const answerable = gates.length > 0 && gates.every((gate) => gate.overridable);
    const refused = refusal?.shotId === shotId ? refusal : null;
    const overridable = director && (gates.length > 0 ? answerable : refused !== null);
    override.element.hidden = !overridable;
    const many = ask.variants > 1;
    const send = (answering?: Override): void => {
      if (shotId) actions.requestTake(shotId, ask, answering);
    };
    override.onAnswer(send);
    const blocked = (gates.length > 0 && !overridable) || typeof said === 'string' && said !== '';
    replace(
      element,
      segmented([1, MOST_VARIANTS], ask.variants, (count) => t(count === 1 ? 'ask.one' : 'ask.many', { count }), 'count', (variants) => change({ ...ask, variants })),
      many && segmented(DIFFERS, ask.differ, (differ) => t(`variants.${differ}`), 'differ', (differ) => change({ ...ask, differ })),
      many && h('p', { class: 'hint' }, t(`variants.${ask.differ}.hint`)),
      many && ask.differ === 'style' && h('div', { class: 'chips' }, ...STYLES.map((style) => chip(wordOf(style, language), ask.styles.includes(style), style, () => change(withStyle(ask, style))))),
      engineChoice(context, ask, (engine) => change({ ...ask, engine })),
      guidanceChoice(context, ask, engineOf()?.guides ?? [], (guidance) => change({ ...ask, guidance })),
      ...estimateLines(context, pricing, open),
      ...hindrances(context, estimate, refused?.error.detail ?? null),
      override.element,
      !director && (answerable || refused) && h('p', { class: 'hint' }, t('gate.askDirector')),
      h(
        'div',
        { class: 'decide' },
        h('button', { class: 'ghost', type: 'button', onclick: () => actions.openAsk(null) }, t('ask.close')),
        h('button', { class: 'primary', type: 'button', hidden: overridable, disabled: blocked, 'data-action': 'make', onclick: () => send() }, t(many ? 'ask.make.many' : 'ask.make', { count: ask.variants })),
      ),
    );
  };

  follow(context, (r, v) => [v.asking, v.engines, v.spending, v.refusal, r.self], () => {
    const { asking, engines, refusal } = view.value;
    if (asking !== shotId) {
      shotId = asking;
      pricing.clear();
      open.clear();
      override.clear(view.value.name);
    }
    if (refusal && refusal.shotId === asking) ask = refusal.ask;
    const ready = engines.filter((engine) => engine.missing === null);
    if (!ready.some((engine) => engine.name === ask.engine)) ask = { ...ask, engine: ready[0]?.name ?? null };
    price();
    draw();
  });
  return element;
}

function segmented<T extends string | number>(values: readonly T[], chosen: T, words: (value: T) => string, name: string, choose: (value: T) => void): HTMLElement {
  return h('div', { class: 'segmented wide', role: 'group' }, ...values.map((value) => h('button', { type: 'button', 'aria-pressed': String(value === chosen), [`data-${name}`]: String(value), onclick: () => choose(value) }, words(value))));
}

function chip(words: string, on: boolean, style: string, toggle: () => void): HTMLElement {
  return h('button', { class: 'chip', type: 'button', 'aria-pressed': String(on), 'data-style': style, onclick: toggle }, words);
}

/** Nothing to choose where the server has one engine, or does not say. */
function engineChoice({ view, t }: UiContext, ask: Ask, choose: (engine: string) => void): HTMLElement | null {
  const { engines } = view.value;
  if (engines.length < 2) return null;
  const select = h('select', { 'aria-label': t('ask.engine'), 'data-action': 'engine' });
  for (const { name, embedded, missing } of engines) {
    const words = missing !== null ? t('ask.engine.missing', { name }) : embedded ? t('ask.engine.own', { name }) : name;
    select.append(h('option', { value: name, disabled: missing !== null, selected: name === ask.engine, title: missing ?? undefined }, words));
  }
  select.addEventListener('change', () => choose(select.value));
  return h('label', { class: 'field' }, h('span', {}, t('ask.engine')), select);
}

/** Only where the engine can follow anything. */
function guidanceChoice({ t }: UiContext, ask: Ask, guides: readonly Guidance[], choose: (guidance: Guidance) => void): HTMLElement | null {
  if (guides.length === 0) return null;
  const chosen = guidanceSent(ask, guides);
  const select = h('select', { 'aria-label': t('ask.guidance'), 'data-action': 'guidance' });
  const offered: readonly Guidance[] = ['auto', ...guides, 'off'];
  for (const guidance of offered) select.append(h('option', { value: guidance, selected: guidance === chosen }, t(`ask.guidance.${guidance}`)));
  select.addEventListener('change', () => choose(offered[select.selectedIndex] ?? 'auto'));
  return h('label', { class: 'field' }, h('span', {}, t('ask.guidance')), select);
}

/** Why it would be refused, or was: the gate's own words once; the budget's in the reader's language. */
function hindrances({ view, t }: UiContext, estimate: Estimate | null, refused: string | null): Child[] {
  const { spending } = view.value;
  const words = ({ code, detail }: Hindrance): string => {
    if (code !== 'over-budget' || estimate === null || estimate.due === null || spending === null || spending.limit === null) return detail;
    return t('ask.overBudget', { due: money(estimate.due, estimate.currency), left: money(Math.max(0, spending.limit - spending.spent), spending.currency) });
  };
  const lines = new Set([...(estimate?.hindrances.map(words) ?? []), ...(refused === null ? [] : [refused])]);
  if (lines.size === 0) return [];
  return [h('div', { class: 'refusal', role: 'alert' }, h('strong', {}, t('ask.refused')), ...[...lines].map((line) => h('p', {}, line)))];
}
