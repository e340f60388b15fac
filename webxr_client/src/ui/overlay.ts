/** Over the picture's upper left corner, as on a monitor: slate, take and quality, and the takes it can be held against. */
import { beforeAfter, sameFrame } from '../core/redraw';
import { qualityOf } from '../core/room';
import { tryWords } from '../core/tries';
import { requestOf, siblings, variantWords } from '../core/variants';
import type { Take } from '../protocol/messages';
import { h, icon, replace } from './dom';
import { follow, type UiContext } from './model';

export function slateOverlay(context: UiContext): HTMLElement {
  const { room, view, actions, t } = context;
  const element = h('div', { class: 'overlay' });
  follow(context, (r, v) => [r.takes, r.shots, v.takeId, v.quality, v.connection, v.after], () => {
    const take = room.value.takes.find((x) => x.id === view.value.takeId);
    const shot = room.value.shots.find((s) => s.id === take?.shotId);
    element.hidden = !take;
    replace(
      element,
      shot ? h('span', { class: 'slate' }, shot.slate) : null,
      take ? h('span', {}, t('take.name', { number: take.number })) : null,
      take?.approval ? h('span', { class: 'approved', title: t('approval.by', { name: take.approval.by }) }, icon('star')) : null,
      view.value.quality ? h('span', { class: `badge ${view.value.quality}` }, t(`take.${view.value.quality}`)) : null,
      flipSwitch(context),
      take ? siblingSwitch(context, take) : null,
    );
  });
  window.addEventListener('keydown', (event) => {
    const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.code === 'KeyB' && !typing && !event.repeat) actions.flip();
  });
  return element;
}

/** Before and after a redraw, at the same frame. Key: B. */
function flipSwitch({ room, view, actions, t }: UiContext): HTMLElement | null {
  const pair = beforeAfter(room.value.takes, view.value.takeId, view.value.after);
  if (!pair) return null;
  const side = (name: 'before' | 'after'): HTMLElement =>
    h(
      'button',
      { type: 'button', title: t('flip.hint'), 'data-flip': name, 'aria-pressed': String(pair.showing === name), onclick: () => pair.showing !== name && actions.flip() },
      t(`flip.${name}`, { number: pair[name].number }),
    );
  return h('div', { class: 'segmented', role: 'group' }, side('before'), side('after'));
}

/** The takes asked for together, one to hold against the other at the same frame. */
function siblingSwitch({ room, view, actions, t }: UiContext, take: Take): HTMLElement | null {
  const all = siblings(room.value.takes, take);
  if (all.length === 0) return null;
  const button = (other: Take): HTMLElement => {
    const words = [t('take.name', { number: other.number }), variantWords(other, all, view.value.language), tryWords(all, other, t)].filter((part) => part !== '').join(' · ');
    return h(
      'button',
      { type: 'button', title: words, 'aria-label': words, disabled: qualityOf(room.value, other) === null, 'data-sibling': other.id, 'aria-pressed': String(other.id === take.id), onclick: () => actions.selectTake(other.id, sameFrame(view.value.frame, other)) },
      String(other.number),
    );
  };
  const side = h('button', { type: 'button', title: t('compare.open'), 'aria-label': t('compare.open'), onclick: () => actions.compare(requestOf(room.value.takes, take)) }, icon('columns'));
  return h('div', { class: 'segmented', role: 'group' }, ...all.map(button), side);
}
