import { takesOf } from '../core/room';
import { opensRequest, requestOf, requestWords, siblings } from '../core/variants';
import type { Shot, Take } from '../protocol/messages';
import { askPanel } from './ask';
import { h, icon, replace } from './dom';
import { follow, type UiContext } from './model';
import { ProgressBars, takeRow } from './take-row';

/** The shots of the project and their takes. */
export function shotList(context: UiContext): HTMLElement {
  const { room, view, t } = context;
  const list = h('div', { class: 'scroll' });
  const bars = new ProgressBars(context);
  const open = new Set<string>();
  const ask = askPanel(context);

  follow(context, (r, v) => [r.shots, r.takes, r.clips, r.project, r.self, v.takeId, v.connection, v.asking, v.compare], () => {
    bars.clear();
    const { shots } = room.value;
    if (shots.length === 0) {
      replace(list, h('p', { class: 'empty' }, t(view.value.connection === 'connecting' ? 'connection.connecting' : 'shots.empty')));
      return;
    }
    const top = list.scrollTop;
    const typing = ask.contains(document.activeElement) ? document.activeElement : null;
    replace(list, ...shots.map((shot) => shotCard(context, shot, bars, open, shot.id === view.value.asking ? ask : null)));
    list.scrollTop = top;
    if (typing instanceof HTMLElement) typing.focus({ preventScroll: true });
    bars.fill(room.value.progress);
  });
  follow(context, (r) => [r.progress], () => bars.fill(room.value.progress));
  follow(context, (_, v) => [v.asking, v.refusal], () => {
    if (view.value.asking !== null) ask.scrollIntoView({ block: 'nearest' });
  });

  const title = h('h2', {});
  follow(context, () => [], () => (title.textContent = t('shots.title')));
  return h('aside', { class: 'panel shots' }, title, list);
}

function shotCard(context: UiContext, shot: Shot, bars: ProgressBars, open: Set<string>, ask: HTMLElement | null): HTMLElement {
  const { room, view, actions, t } = context;
  const takes = takesOf(room.value, shot.id);
  const current = takes.some((take) => take.id === view.value.takeId);
  const may = room.value.self?.role !== 'viewer';
  return h(
    'section',
    { class: `shot${current ? ' current' : ''}`, 'data-shot': shot.id },
    h(
      'div',
      { class: 'shot-head' },
      h('span', { class: 'slate' }, shot.slate),
      h('span', { class: 'heading', title: shot.heading }, shot.heading),
      h(
        'span',
        { class: 'joined', hidden: !may },
        h('button', { class: 'ghost', type: 'button', 'data-action': 'new-take', title: t('shots.newTake'), onclick: () => actions.requestTake(shot.id) }, icon('plus'), h('span', {}, t('shots.newTake'))),
        h('button', { class: 'ghost', type: 'button', 'data-action': 'ask', title: t('ask.open'), 'aria-label': t('ask.open'), 'aria-expanded': String(ask !== null), onclick: () => actions.openAsk(ask ? null : shot.id) }, icon('more')),
      ),
    ),
    ask,
    h('p', { class: 'prompt', lang: shot.spec.language === 'zh' ? 'zh-CN' : 'en', title: shot.spec.text }, shot.spec.text),
    takes.length === 0 ? h('p', { class: 'none' }, t('shots.noTakes')) : h('ul', { class: 'takes' }, ...takes.flatMap((take) => [groupHead(context, take), takeRow(context, take, bars, open)])),
  );
}

/** Before the first take of a request for several: what they are, and the way to see them side by side. */
function groupHead({ room, view, actions, t }: UiContext, take: Take): HTMLElement | null {
  const all = siblings(room.value.takes, take);
  if (all.length === 0 || !opensRequest(room.value.takes, take)) return null;
  const request = requestOf(room.value.takes, take);
  const open = view.value.compare === request;
  return h(
    'li',
    { class: 'group' },
    h('span', {}, requestWords(all, t)),
    h('button', { class: 'ghost', type: 'button', 'data-action': 'compare', 'aria-pressed': String(open), onclick: () => actions.compare(open ? null : request) }, icon('columns'), t('compare.open')),
  );
}
