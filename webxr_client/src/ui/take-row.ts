/** One take in the list of its shot: its picture, its state, what was found wrong with it, and what can be done about it. */
import { isBusy, posterPath, qualityOf, standingOf, type RoomState } from '../core/room';
import { siblings, variantWords } from '../core/variants';
import { timecode } from '../core/timecode';
import type { Finding, Progress, Take } from '../protocol/messages';
import { h, icon } from './dom';
import type { UiContext } from './model';
import { Stills } from './still';

/** Progress bars by take, and stills of what is being made: they are filled without drawing the list anew. */
export class ProgressBars {
  private readonly bars = new Map<string, { text: HTMLElement; bar: HTMLElement }>();
  private readonly stills: Stills;

  constructor(private readonly context: UiContext) {
    this.stills = new Stills(context);
  }

  clear(): void {
    this.bars.clear();
  }

  add(takeId: string): HTMLElement {
    const [text, bar] = [h('span', {}), h('i', {})];
    this.bars.set(takeId, { text, bar });
    return h('div', { class: 'progress' }, text, h('div', { class: 'track' }, bar));
  }

  still(takeId: string): HTMLElement {
    return this.stills.of(takeId);
  }

  fill(progresses: RoomState['progress']): void {
    this.stills.fill();
    for (const [takeId, { text, bar }] of this.bars) {
      const progress = progresses[takeId];
      text.textContent = progress ? progressWords(this.context, progress) : this.context.t('progress.queued');
      bar.style.width = `${Math.round((progress?.fraction ?? 0) * 100)}%`;
      bar.classList.toggle('unknown', !progress || progress.stage === 'queued' || progress.stage === 'staging');
    }
  }
}

export function progressWords({ t }: UiContext, { stage, fraction, etaS }: Progress): string {
  const words = t(`progress.${stage}`, { percent: Math.round(fraction * 100) });
  return etaS !== null && etaS >= 1 ? `${words} · ${t('progress.left', { seconds: Math.round(etaS) })}` : words;
}

/** The state of a take, or the quality in which it can be watched. */
export function stateBadge({ room, t }: UiContext, take: Take): HTMLElement {
  const standing = standingOf(room.value, take);
  return h('span', { class: `badge ${standing}` }, t(`take.${standing}`));
}

/** A star: who has chosen the take for the film; a director chooses and takes back. Null where there is nothing to show. */
export function star({ room, actions, t }: UiContext, take: Take): HTMLElement | null {
  const { approval } = take;
  const director = room.value.self?.role === 'director';
  if (!approval && !(director && take.state === 'ready')) return null;
  const words = approval ? t('approval.by', { name: approval.by }) : t('approval.give');
  const told = director && approval ? `${words} ${t('approval.withdraw')}` : words;
  return h(
    'button',
    { class: `icon star${approval ? ' on' : ''}`, type: 'button', disabled: !director, title: told, 'aria-label': told, 'aria-pressed': String(approval !== null), 'data-action': 'approve', onclick: () => actions.approve(take.id, approval === null) },
    icon('star'),
  );
}

export function takeRow(context: UiContext, take: Take, bars: ProgressBars, open: Set<string>): HTMLElement {
  const { room, view, actions, t } = context;
  const busy = isBusy(take);
  const path = posterPath(take);
  const poster = !path ? busy && bars.still(take.id) : h('img', { src: path, alt: '', decoding: 'sync', onerror: (event) => ((event.target as HTMLElement).hidden = true) });
  const from = origin(context, take);
  return h(
    'li',
    { class: `take ${take.state}${take.id === view.value.takeId ? ' current' : ''}`, 'data-take': take.id, 'data-state': take.state },
    h(
      'div',
      { class: 'take-line' },
      h(
        'button',
        { class: 'take-main', type: 'button', disabled: !qualityOf(room.value, take), onclick: () => actions.selectTake(take.id) },
        h('span', { class: 'thumb' }, poster, h('b', {}, String(take.number))),
        h('span', { class: 'take-text' }, h('span', { class: 'take-name' }, t('take.name', { number: take.number })), from !== '' && h('span', { class: 'from', title: from }, from)),
        stateBadge(context, take),
      ),
      star(context, take),
    ),
    busy && h('div', { class: 'busy' }, bars.add(take.id), h('button', { class: 'ghost small', type: 'button', 'data-action': 'cancel', title: t('take.cancel'), onclick: () => actions.cancelTake(take.id) }, icon('close'), h('span', {}, t('take.cancel')))),
    (take.state === 'failed' || take.state === 'unknown') && take.error && h('p', { class: 'failure' }, take.error),
    take.state === 'unknown' && unknownChoice(context, take),
    remarks(context, take, open),
  );
}

/** Where a take comes from: its note, in what it differs from those asked for with it, a foreign engine, a second try. */
function origin({ room, view, t }: UiContext, take: Take): string {
  const { noteIds, retryOf, redrawn, orderId, engine } = take.provenance;
  const retried = retryOf && room.value.takes.find((other) => other.id === retryOf);
  const all = siblings(room.value.takes, take);
  const parts = [
    redrawn ? t('take.redrawn') : noteIds.length > 0 ? t('take.fromNote') : '',
    retried ? t('take.retryOf', { number: retried.number }) : '',
    all.length > 0 ? variantWords(take, all, view.value.language) : '',
    orderId === null ? '' : engine,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** Nobody knows whether the engine took the order: what that means, and the two ways on. */
function unknownChoice({ actions, room, t }: UiContext, take: Take): HTMLElement {
  const may = room.value.self?.role === 'director';
  const button = (what: 'retry' | 'drop'): HTMLElement =>
    h('button', { class: 'ghost small', type: 'button', disabled: !may, 'data-action': what, title: t(`take.${what}.hint`), onclick: () => actions.resolveTake(take.id, what === 'retry') }, t(`take.${what}`));
  return h('div', { class: 'unknown-take' }, h('p', {}, t('take.unknown.hint', { engine: take.provenance.engine })), h('div', { class: 'busy' }, button('retry'), button('drop')));
}

/** What the check found and what the engine could not take as asked: counted on a badge, a line each behind it. */
function remarks(context: UiContext, take: Take, open: Set<string>): HTMLElement | null {
  const { t } = context;
  const { findings, provenance } = take;
  if (findings.length + provenance.remarks.length === 0) return null;
  const details = h(
    'details',
    { class: `remarks${findings.length > 0 ? ' found' : ''}`, open: open.has(take.id), 'data-findings': String(findings.length), 'data-remarks': String(provenance.remarks.length) },
    h(
      'summary',
      {},
      findings.length > 0 && h('span', { class: 'badge found' }, t(findings.length === 1 ? 'findings.one' : 'findings.many', { count: findings.length })),
      provenance.remarks.length > 0 && h('span', { class: 'badge' }, t(provenance.remarks.length === 1 ? 'remarks.one' : 'remarks.many', { count: provenance.remarks.length })),
    ),
    h('ul', {}, ...findings.map((finding) => findingLine(context, take, finding)), ...provenance.remarks.map((line) => h('li', {}, line))),
  );
  details.addEventListener('toggle', () => (details.open ? open.add(take.id) : open.delete(take.id)));
  return details;
}

function findingLine({ actions, view }: UiContext, take: Take, { reason, frame }: Finding): HTMLElement {
  const at = frame;
  return h('li', { class: 'finding' }, reason, at !== null && h('button', { class: 'timecode', type: 'button', onclick: () => actions.selectTake(take.id, at) }, timecode(at, view.value.fps)));
}
