import { timecode } from '../core/timecode';
import { h, icon, replace } from './dom';
import { follow, type UiContext } from './model';
import { scrubber } from './scrubber';

/** Play, scrub, timecode; and the field a note is typed into. */
export function transportBar(context: UiContext): HTMLElement {
  return h('footer', { class: 'transport' }, h('div', { class: 'timeline' }, ...controls(context), scrubber(context), counter(context)), noteField(context));
}

function controls(context: UiContext): HTMLElement[] {
  const { view, actions, t } = context;
  const step = (by: number): void => {
    const { frame, frameCount } = view.value;
    actions.pause();
    actions.seek(Math.min(Math.max(frame + by, 0), Math.max(0, frameCount - 1)));
  };
  const back = h('button', { class: 'icon', type: 'button', onclick: () => step(-1) }, icon('back'));
  const forward = h('button', { class: 'icon', type: 'button', onclick: () => step(1) }, icon('forward'));
  const play = h('button', { class: 'icon play', type: 'button', 'data-action': 'play', onclick: () => (view.value.playing ? actions.pause() : actions.play()) });
  follow(context, (_, v) => [v.playing, v.frameCount > 0], () => {
    const { playing, frameCount } = view.value;
    replace(play, icon(playing ? 'pause' : 'play'));
    for (const button of [play, back, forward]) button.disabled = frameCount === 0;
    label(play, t(playing ? 'transport.pause' : 'transport.play'));
    label(back, t('transport.back'));
    label(forward, t('transport.forward'));
  });
  window.addEventListener('keydown', (event) => {
    if (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|BUTTON)$/.test(event.target.tagName)) return;
    if (event.code === 'Space') play.click();
    else if (event.code === 'Comma' || (event.code === 'ArrowLeft' && view.value.mode === 'take')) step(-1);
    else if (event.code === 'Period' || (event.code === 'ArrowRight' && view.value.mode === 'take')) step(1);
    else return;
    event.preventDefault();
  });
  return [back, play, forward];
}

function label(element: HTMLElement, words: string): void {
  element.title = words;
  element.setAttribute('aria-label', words);
}

function counter(context: UiContext): HTMLElement {
  const { view, t } = context;
  const code = h('span', { class: 'tc' }, '00:00:00:00');
  const frame = h('span', { class: 'fr' });
  follow(context, (_, v) => [v.frame, v.fps, v.frameCount], () => {
    const { frame: at, fps, frameCount } = view.value;
    code.textContent = timecode(at, fps);
    frame.textContent = `${t('transport.frame')} ${at}${frameCount > 0 ? ` / ${frameCount - 1}` : ''}`;
  });
  return h('div', { class: 'counter' }, code, frame);
}

function noteField(context: UiContext): HTMLElement {
  const { view, actions, t } = context;
  const input = h('input', { type: 'text', maxlength: 2000, autocomplete: 'off', enterkeyhint: 'send', class: 'note-input' });
  const send = h('button', { class: 'primary', type: 'submit' });
  const point = h('button', { class: 'point', type: 'button', hidden: true, onclick: () => actions.clearPoint() });
  const draw = h('button', { class: 'icon lasso', type: 'button', 'data-action': 'region', onclick: () => actions.drawRegion(!view.value.drawing) }, icon('lasso'));
  const region = h('button', { class: 'point', type: 'button', hidden: true, 'data-action': 'clear-region', onclick: () => actions.drawRegion(false) });
  const form = h('form', { class: 'note-form' }, draw, point, region, input, send);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text || !view.value.takeId) return;
    actions.writeNote(text);
    input.value = '';
  });
  follow(context, (_, v) => [v.takeId, v.connection, v.point], () => {
    const { takeId, connection, point: at } = view.value;
    form.hidden = connection === 'static';
    input.disabled = takeId === null;
    send.disabled = takeId === null;
    input.placeholder = t('notes.placeholder');
    input.setAttribute('aria-label', t('notes.title'));
    send.textContent = t('notes.send');
    point.hidden = at === null;
    if (at) replace(point, '◎ ', t(at.metric ? 'notes.pointed' : 'notes.pointed.relative', { distance: at.distance.toFixed(1) }), ' ✕');
  });
  follow(context, (_, v) => [v.takeId, v.drawing, v.region, v.mode], () => {
    const { takeId, drawing, region: drawn, mode } = view.value;
    draw.disabled = takeId === null || mode !== 'take';
    draw.setAttribute('aria-pressed', String(drawing));
    label(draw, t('region.draw'));
    region.hidden = drawn === null;
    replace(region, t('region.drawn'), ' ✕');
  });
  return form;
}
