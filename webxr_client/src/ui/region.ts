/** Drawing a region on the picture: a drag is a lasso, with shift a rectangle; regions of notes show on their own frame. */
import { lassoOf, pathOf, rectBetween, type DrawnShape, type Spot } from '../core/region';
import { notesOf } from '../core/room';
import type { Region } from '../protocol/messages';
import { h } from './dom';
import { follow, type UiContext } from './model';

/** Where the picture is in the window, px. */
export interface PictureBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface RegionLayer {
  readonly element: HTMLElement;
  /** Null while the picture cannot be drawn on: it is seen from aside, or there is none. */
  place(box: PictureBox | null): void;
}

const NS = 'http://www.w3.org/2000/svg';

export function regionLayer(context: UiContext): RegionLayer {
  const { room, view, actions, t } = context;
  const svg = document.createElementNS(NS, 'svg');
  const hint = h('p', { class: 'region-hint' });
  const element = h('div', { class: 'region-layer', hidden: true }, svg, hint);
  let box: PictureBox | null = null;
  let stroke: Spot[] = [];

  const draw = (): void => {
    const { drawing, region, takeId, frame, playing } = view.value;
    element.hidden = box === null || view.value.mode !== 'take';
    element.classList.toggle('drawing', drawing);
    hint.hidden = !drawing || stroke.length > 0 || region !== null;
    hint.textContent = t('region.hint');
    if (!box) return;
    const shown: SVGPathElement[] = [];
    const add = (path: string, kind: string): void => {
      const line = document.createElementNS(NS, 'path');
      line.setAttribute('d', path);
      line.setAttribute('class', kind);
      shown.push(line);
    };
    const { width, height } = box;
    if (takeId && !playing) {
      for (const note of notesOf(room.value, takeId)) if (note.frame === frame) outline(note.region, (s) => add(pathOf(s, width, height), 'kept'));
    }
    if (region && region.takeId === takeId && region.frame === frame && stroke.length === 0) add(pathOf(region.shape, width, height), 'new');
    if (stroke.length > 1) add(`M${stroke.map(([x, y]) => `${x * width} ${y * height}`).join('L')}`, 'stroke');
    svg.replaceChildren(...shown);
  };

  const spot = (event: PointerEvent): Spot => {
    const at = element.getBoundingClientRect();
    return [(event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height];
  };
  const corners = ([ax, ay]: Spot, [bx, by]: Spot): Spot[] => [[ax, ay], [bx, ay], [bx, by], [ax, by], [ax, ay]];
  let first: Spot | null = null;
  /** What the stroke began on: another take may come on screen before the hand is lifted. */
  let seen: { takeId: string; frame: number } | null = null;
  element.addEventListener('pointerdown', (event) => {
    const { drawing, takeId, frame } = view.value;
    if (!drawing || !takeId) return;
    seen = { takeId, frame };
    element.setPointerCapture(event.pointerId);
    first = spot(event);
    stroke = [first];
    draw();
  });
  element.addEventListener('pointermove', (event) => {
    if (!first) return;
    stroke = event.shiftKey ? corners(first, spot(event)) : [...stroke, spot(event)];
    draw();
  });
  element.addEventListener('pointerup', (event) => {
    if (!first) return;
    const shape = event.shiftKey ? rectBetween(first, spot(event)) : lassoOf(stroke);
    [first, stroke] = [null, []];
    if (shape && seen) actions.setRegion({ ...seen, shape });
    draw();
  });
  element.addEventListener('pointercancel', () => {
    [first, stroke] = [null, []];
    draw();
  });
  window.addEventListener('keydown', (event) => {
    if (event.code === 'Escape' && (view.value.drawing || view.value.region)) actions.drawRegion(false);
  });
  follow(context, (r, v) => [r.notes, v.drawing, v.region, v.takeId, v.frame, v.playing, v.mode], draw);

  return {
    element,
    place(next) {
      if (box?.left === next?.left && box?.top === next?.top && box?.width === next?.width && box?.height === next?.height) return;
      box = next;
      if (next) {
        Object.assign(element.style, { left: `${next.left}px`, top: `${next.top}px`, width: `${next.width}px`, height: `${next.height}px` });
        svg.setAttribute('viewBox', `0 0 ${next.width} ${next.height}`);
      }
      draw();
    },
  };
}

/** A painted mask has no outline to show. */
function outline(region: Region | null, show: (shape: DrawnShape) => void): void {
  if (region && region.shape.kind !== 'mask') show(region.shape);
}
