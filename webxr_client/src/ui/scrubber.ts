/** The take's time as a track: drag to seek; under the pointer, the frame there and its timecode. */
import { notesOf } from '../core/room';
import { filmstripOf, frameUnder, heldWithin, knobAt } from '../core/thumbs';
import { timecode } from '../core/timecode';
import { h, replace } from './dom';
import { smallFrame } from './filmstrip';
import { follow, type UiContext } from './model';

/** As in style.css. */
const KNOB_PX = 14;
const EDGE_PX = 8;

export function scrubber(context: UiContext): HTMLElement {
  const { room, view, actions, t } = context;
  const input = h('input', { type: 'range', min: 0, max: 0, step: 1, value: 0, class: 'scrub', 'aria-label': t('transport.frame') });
  const markers = h('div', { class: 'markers', 'aria-hidden': 'true' });
  const element = h('div', { class: 'scrubber' }, markers, input);
  const preview = framePreview(context, element);
  let held = false;
  let sent = -1;
  const seek = (): void => {
    const frame = input.valueAsNumber;
    if (frame === sent) return;
    sent = frame;
    actions.seek(frame);
  };
  const fill = (): void => input.style.setProperty('--at', `${(input.valueAsNumber / Math.max(1, Number(input.max))) * 100}%`);
  const under = (event: PointerEvent): number => {
    const { left, width } = element.getBoundingClientRect();
    return frameUnder(event.clientX - left, width, KNOB_PX, view.value.frameCount);
  };
  const letGo = (event: PointerEvent): void => {
    held = false;
    if (event.pointerType !== 'mouse' || !element.matches(':hover')) preview.hide();
  };
  input.addEventListener('pointerdown', (event) => {
    held = true;
    preview.show(under(event));
  });
  element.addEventListener('pointermove', (event) => {
    if (held || event.pointerType === 'mouse') preview.show(under(event));
  });
  element.addEventListener('pointerleave', () => {
    if (!held) preview.hide();
  });
  window.addEventListener('pointerup', letGo);
  window.addEventListener('pointercancel', letGo);
  input.addEventListener('input', () => {
    fill();
    seek();
    if (held) preview.show(input.valueAsNumber);
  });
  follow(context, (_, v) => [v.frame, v.frameCount], () => {
    input.max = String(Math.max(0, view.value.frameCount - 1));
    input.disabled = view.value.frameCount === 0;
    if (!held) {
      input.value = String(view.value.frame);
      sent = -1;
    }
    fill();
  });
  follow(context, (r, v) => [r.notes, v.takeId, v.frameCount], () => {
    const { takeId, frameCount } = view.value;
    const last = Math.max(1, frameCount - 1);
    replace(markers, ...(takeId ? notesOf(room.value, takeId) : []).map((note) => h('i', { style: `left:${(note.frame / last) * 100}%`, title: note.text })));
  });
  return element;
}

/** A picture and a timecode over the track. The strip of a rendition that is still made comes when it is whole. */
function framePreview(context: UiContext, track: HTMLElement): { show(frame: number): void; hide(): void } {
  const { room, view } = context;
  const picture = smallFrame();
  const code = h('b', { class: 'tc' });
  const element = h('div', { class: 'preview', 'aria-hidden': 'true', hidden: true }, picture.element, code);
  track.append(element);
  follow(context, (r, v) => [v.clip, v.connection, r.takes], () => {
    const { clip, connection } = view.value;
    const whole = connection === 'static' || room.value.takes.some((take) => take.id === clip?.takeId && take.renditions.some((r) => r.quality === clip.quality));
    picture.open(clip && whole ? filmstripOf(clip.manifest, clip.filesPath) : null);
  });
  return {
    show(frame) {
      const { fps, frameCount } = view.value;
      if (frameCount === 0) return;
      picture.show(frame);
      code.textContent = timecode(frame, fps);
      element.hidden = false;
      const { left, width } = track.getBoundingClientRect();
      const x = heldWithin(left + knobAt(frame, width, KNOB_PX, frameCount), element.offsetWidth, EDGE_PX, window.innerWidth - EDGE_PX);
      element.style.left = `${x - left}px`;
    },
    hide: () => (element.hidden = true),
  };
}
