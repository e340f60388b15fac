/** The takes of one request side by side: each with its state, in what it differs, and its moments under the pointer. */
import { allFindingWords } from '../core/findings';
import { filesPathOf, isBusy, qualityOf, stillPath } from '../core/room';
import { frameUnder, type Filmstrip } from '../core/thumbs';
import { tryWords } from '../core/tries';
import { requestWords, takesOfRequest, variantWords } from '../core/variants';
import type { Take } from '../protocol/messages';
import { h, icon, replace } from './dom';
import { smallFrame } from './filmstrip';
import { follow, type UiContext } from './model';
import { still } from './still';
import { ProgressBars, star, stateBadge } from './take-row';

/** Strips run at this pace while a pointer rests on one, all of them together: pictures a second. */
const PACE_FPS = 2.5;

export function compareView(context: UiContext): HTMLElement {
  const { room, view, actions, t } = context;
  const title = h('strong', {});
  const close = h('button', { class: 'icon', type: 'button', 'data-action': 'close-compare', onclick: () => actions.compare(null) }, icon('close'));
  const cards = h('div', { class: 'cards' });
  const element = h('section', { class: 'compare', role: 'dialog', hidden: true }, h('div', { class: 'compare-head' }, title, close), cards);
  const bars = new ProgressBars(context);
  const shown = new Map<string, Picture>();

  follow(context, (r, v) => [r.takes, r.clips, r.shots, r.self, v.compare, v.takeId], () => {
    const { compare } = view.value;
    const takes = compare === null ? [] : takesOfRequest(room.value.takes, compare);
    element.hidden = takes.length === 0;
    bars.clear();
    for (const [id, picture] of shown) {
      if (takes.some((take) => take.id === id)) continue;
      picture.stop();
      shown.delete(id);
    }
    if (takes.length === 0) return;
    const shot = room.value.shots.find((one) => one.id === takes[0]?.shotId);
    title.textContent = [shot?.slate ?? '', requestWords(takes, t)].join(' · ');
    close.setAttribute('aria-label', t('panel.close'));
    for (const take of takes) if (!shown.has(take.id)) shown.set(take.id, framePicture(context));
    replace(cards, ...takes.map((take) => card(context, take, takes, bars, shown.get(take.id))));
    bars.fill(room.value.progress);
  });
  follow(context, (r) => [r.progress], () => {
    bars.fill(room.value.progress);
    for (const take of room.value.takes) if (isBusy(take)) shown.get(take.id)?.draw(take);
  });
  window.addEventListener('keydown', (event) => {
    if (event.code === 'Escape' && view.value.compare !== null) actions.compare(null);
  });
  return element;
}

function card(context: UiContext, take: Take, all: readonly Take[], bars: ProgressBars, picture: Picture | undefined): HTMLElement {
  const { room, view, actions, t } = context;
  const watchable = qualityOf(room.value, take) !== null;
  const tried = tryWords(all, take, t);
  const { variant } = take.provenance;
  picture?.draw(take);
  const play = (): void => {
    actions.selectTake(take.id);
    actions.compare(null);
  };
  return h(
    'article',
    { class: `card${take.id === view.value.takeId ? ' current' : ''}`, 'data-variant': take.id, 'data-state': take.state },
    h('button', { class: 'card-picture', type: 'button', disabled: !watchable, title: t('compare.play'), onclick: play }, picture?.element, h('b', {}, String(take.number))),
    h('div', { class: 'card-line' }, h('strong', {}, t('take.name', { number: take.number })), stateBadge(context, take), h('span', { class: 'spring' }), star(context, take)),
    variant && h('p', { class: 'differs' }, `${t(`variants.${variant.differ}.one`)}: ${variantWords(take, all, view.value.language)}`),
    tried && h('p', { class: 'differs tried' }, tried),
    isBusy(take) && h('div', { class: 'busy' }, bars.add(take.id), h('button', { class: 'ghost small', type: 'button', 'data-action': 'cancel', title: t('take.cancel'), 'aria-label': t('take.cancel'), onclick: () => actions.cancelTake(take.id) }, icon('close'))),
    take.error && h('p', { class: 'failure' }, take.error),
    take.findings.length > 0 && h('p', { class: 'failure', title: take.findings.map((finding) => finding.reason).join('\n') }, `⚠ ${allFindingWords(take.findings, t)}`),
  );
}

interface Picture {
  readonly element: HTMLElement;
  draw(take: Take): void;
  stop(): void;
}

/** The poster, or a still of what is being made; under a pointer that moves the frame there, under one that rests the strip runs. */
function framePicture({ actions, room }: UiContext): Picture {
  const image = still();
  const frame = smallFrame();
  const line = h('i', { class: 'at', hidden: true });
  const element = h('span', { class: 'moments' }, image.element, frame.element, line);
  let strip: Filmstrip | null = null;
  let path: string | null = null;
  let at = 0;
  let running: ReturnType<typeof setInterval> | undefined;
  const show = (next: number): void => {
    if (!strip) return;
    at = next;
    frame.show(next);
    line.style.left = `${(next / Math.max(1, strip.frameCount - 1)) * 100}%`;
  };
  const run = (): void => {
    if (strip) show((at + strip.frameCount / strip.thumbs.frames.length) % strip.frameCount);
  };
  const stop = (): void => {
    clearInterval(running);
    running = undefined;
    line.hidden = true;
    element.classList.remove('live');
  };
  element.addEventListener('pointermove', (event) => {
    if (!strip) return;
    const { left, width } = element.getBoundingClientRect();
    show(frameUnder(event.clientX - left, width, 0, strip.frameCount));
    line.hidden = false;
    element.classList.add('live');
    clearInterval(running);
    running = setInterval(run, 1000 / PACE_FPS);
  });
  element.addEventListener('pointerleave', stop);
  return {
    element,
    draw(take) {
      image.show(stillPath(take, room.value.progress[take.id]));
      const files = filesPathOf(take);
      if (files === path) return;
      path = files;
      void actions.filmstrip(take).then((found) => {
        strip = found;
        frame.open(found);
      });
    },
    stop,
  };
}
