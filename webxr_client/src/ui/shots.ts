import { posterPath, qualityOf, takesOf } from '../core/room';
import type { Progress, Shot, Take } from '../protocol/messages';
import { h, icon, replace } from './dom';
import { follow, type UiContext } from './model';

/** The shots of the project and their takes. */
export function shotList(context: UiContext): HTMLElement {
  const { room, view, t } = context;
  const list = h('div', { class: 'scroll' });
  const bars = new Map<string, { element: HTMLElement; text: HTMLElement; bar: HTMLElement }>();

  follow(context, (r, v) => [r.shots, r.takes, r.clips, r.project, v.takeId, v.connection], () => {
    bars.clear();
    const { shots } = room.value;
    if (shots.length === 0) {
      replace(list, h('p', { class: 'empty' }, t(view.value.connection === 'connecting' ? 'connection.connecting' : 'shots.empty')));
      return;
    }
    const top = list.scrollTop;
    replace(list, ...shots.map((shot) => shotCard(context, shot, bars)));
    list.scrollTop = top;
    drawProgress();
  });

  const drawProgress = (): void => {
    for (const [takeId, { element, text, bar }] of bars) {
      const progress = room.value.progress[takeId];
      element.hidden = !progress;
      if (!progress) continue;
      text.textContent = progressWords(context, progress);
      bar.style.width = `${Math.round(progress.fraction * 100)}%`;
      bar.classList.toggle('unknown', progress.stage === 'queued' || progress.stage === 'staging');
    }
  };
  follow(context, (r) => [r.progress], drawProgress);

  const title = h('h2', {});
  follow(context, () => [], () => (title.textContent = t('shots.title')));
  return h('aside', { class: 'panel shots' }, title, list);
}

export function progressWords({ t }: UiContext, { stage, fraction, etaS }: Progress): string {
  const words = t(`progress.${stage}`, { percent: Math.round(fraction * 100) });
  return etaS !== null && etaS >= 1 ? `${words} · ${t('progress.left', { seconds: Math.round(etaS) })}` : words;
}

type Bars = Map<string, { element: HTMLElement; text: HTMLElement; bar: HTMLElement }>;

function shotCard(context: UiContext, shot: Shot, bars: Bars): HTMLElement {
  const { room, view, actions, t } = context;
  const takes = takesOf(room.value, shot.id);
  const current = takes.some((take) => take.id === view.value.takeId);
  return h(
    'section',
    { class: `shot${current ? ' current' : ''}`, 'data-shot': shot.id },
    h(
      'div',
      { class: 'shot-head' },
      h('span', { class: 'slate' }, shot.slate),
      h('span', { class: 'heading', title: shot.heading }, shot.heading),
      h('button', { class: 'ghost', type: 'button', 'data-action': 'new-take', title: t('shots.newTake'), onclick: () => actions.requestTake(shot.id) }, icon('plus'), h('span', {}, t('shots.newTake'))),
    ),
    h('p', { class: 'prompt', lang: shot.spec.language === 'zh' ? 'zh-CN' : 'en', title: shot.spec.text }, shot.spec.text),
    takes.length === 0 ? h('p', { class: 'none' }, t('shots.noTakes')) : h('ul', { class: 'takes' }, ...takes.map((take) => takeRow(context, take, bars))),
  );
}

function takeRow(context: UiContext, take: Take, bars: Bars): HTMLElement {
  const { room, view, actions, t } = context;
  const quality = qualityOf(room.value, take);
  const busy = take.state === 'queued' || take.state === 'generating';
  const bar = h('i', {});
  const text = h('span', {});
  const progress = h('div', { class: 'progress', hidden: true }, text, h('div', { class: 'track' }, bar));
  if (busy) bars.set(take.id, { element: progress, text, bar });
  const path = posterPath(take);
  const poster = path && h('img', { src: path, alt: '', decoding: 'sync', onerror: (event) => ((event.target as HTMLElement).hidden = true) });
  const badge = take.state === 'ready' || (busy && quality) ? (quality ? t(`take.${quality}`) : t('take.ready')) : t(`take.${take.state}`);
  return h(
    'li',
    { class: `take ${take.state}${take.id === view.value.takeId ? ' current' : ''}`, 'data-take': take.id, 'data-state': take.state },
    h(
      'button',
      { class: 'take-main', type: 'button', disabled: !quality, onclick: () => actions.selectTake(take.id) },
      h('span', { class: 'thumb' }, poster, h('b', {}, String(take.number))),
      h('span', { class: 'take-text' }, h('span', { class: 'take-name' }, t('take.name', { number: take.number })), take.provenance.noteIds.length > 0 && h('span', { class: 'from' }, t('take.fromNote'))),
      h('span', { class: `badge ${take.state === 'ready' || (busy && quality) ? (quality ?? '') : take.state}` }, badge),
    ),
    busy && h('div', { class: 'busy' }, progress, h('button', { class: 'ghost small', type: 'button', 'data-action': 'cancel', title: t('take.cancel'), onclick: () => actions.cancelTake(take.id) }, icon('close'), h('span', {}, t('take.cancel')))),
    (take.state === 'failed' || take.state === 'unknown') && take.error && h('p', { class: 'failure' }, take.error),
    take.findings.length > 0 && h('p', { class: 'failure', 'data-findings': String(take.findings.length) }, `${t('take.findings')} ${take.findings.map((finding) => finding.reason).join(' ')}`),
    take.state === 'unknown' && h('div', { class: 'busy' }, ...([['retry', true], ['drop', false]] as const).map(([what, retry]) => h('button', { class: 'ghost small', type: 'button', 'data-action': what, onclick: () => actions.resolveTake(take.id, retry) }, h('span', {}, t(`take.${what}`))))),
  );
}
