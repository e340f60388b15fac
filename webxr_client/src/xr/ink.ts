/** How the boards of the headset are drawn: a canvas on a plane, its colours and its letters. */
import { CanvasTexture, LinearMipmapLinearFilter, Mesh, MeshBasicMaterial, PlaneGeometry, SRGBColorSpace } from 'three';
import type { Rect } from '../core/board-layout';

export const INK = '#eceef2';
export const QUIET = '#aab0bb';
export const ACCENT = '#f2b14a';
export const ACCENT_INK = '#1c1405';
export const GOOD = '#6fcf97';
export const BAD = '#ff7a6b';
export const GROUND = 'rgba(15, 17, 21, 0.9)';
export const RAISED = 'rgba(255, 255, 255, 0.07)';
export const LIT = 'rgba(255, 255, 255, 0.2)';
const SANS = "-apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";
const MONO = 'ui-monospace, Consolas, monospace';

export type Ink = CanvasRenderingContext2D;

export interface Sheet {
  readonly mesh: Mesh;
  /** Drawn only when `key` is another than before. */
  draw(key: string, paint: (ink: Ink) => void): void;
  fade(opacity: number): void;
  dispose(): void;
}

/** A part of a board: `rect` of it (px, the origin moved to the board's corner while it is painted), on a plane `metresPerPx` large. */
export function makeSheet(rect: Rect, board: { readonly width: number; readonly height: number }, metresPerPx: number, renderOrder: number): Sheet {
  const canvas = document.createElement('canvas');
  canvas.width = rect.width;
  canvas.height = rect.height;
  const ink = canvas.getContext('2d');
  const texture = new CanvasTexture(canvas);
  Object.assign(texture, { colorSpace: SRGBColorSpace, minFilter: LinearMipmapLinearFilter, anisotropy: 8 });
  const geometry = new PlaneGeometry(rect.width * metresPerPx, rect.height * metresPerPx);
  const material = new MeshBasicMaterial({ map: texture, transparent: true, toneMapped: false, depthTest: false, depthWrite: false });
  const mesh = new Mesh(geometry, material);
  mesh.renderOrder = renderOrder;
  mesh.position.set((rect.x + rect.width / 2 - board.width / 2) * metresPerPx, (board.height / 2 - rect.y - rect.height / 2) * metresPerPx, 0);
  let last: string | null = null;
  return {
    mesh,
    draw(key, paint) {
      if (key === last || !ink) return;
      last = key;
      ink.setTransform(1, 0, 0, 1, -rect.x, -rect.y);
      ink.clearRect(rect.x, rect.y, rect.width, rect.height);
      ink.textBaseline = 'middle';
      ink.textAlign = 'left';
      paint(ink);
      texture.needsUpdate = true;
    },
    fade(opacity) {
      material.opacity = opacity;
    },
    dispose() {
      geometry.dispose();
      material.dispose();
      texture.dispose();
    },
  };
}

export function sans(weight: number, px: number): string {
  return `${weight} ${px}px ${SANS}`;
}

export function mono(weight: number, px: number): string {
  return `${weight} ${px}px ${MONO}`;
}

export function block(ink: Ink, colour: string, { x, y, width, height }: Rect, radius: number): void {
  ink.fillStyle = colour;
  ink.beginPath();
  ink.roundRect(x, y, Math.max(0, width), height, radius);
  ink.fill();
}

export function outline(ink: Ink, colour: string, { x, y, width, height }: Rect, radius: number, lineWidth: number): void {
  ink.strokeStyle = colour;
  ink.lineWidth = lineWidth;
  ink.beginPath();
  ink.roundRect(x, y, width, height, radius);
  ink.stroke();
}

/** Text from its left edge, cut to `room` px; returns its width. */
export function write(ink: Ink, text: string, font: string, colour: string, x: number, y: number, room = Infinity): number {
  ink.font = font;
  ink.fillStyle = colour;
  const shown = fitted(ink, text, room);
  ink.fillText(shown, x, y);
  return ink.measureText(shown).width;
}

/** Text in the middle of a place. */
export function centred(ink: Ink, text: string, font: string, colour: string, { x, y, width, height }: Rect): void {
  ink.font = font;
  ink.fillStyle = colour;
  ink.textAlign = 'center';
  ink.fillText(fitted(ink, text, width - 16), x + width / 2, y + height / 2 + 2);
  ink.textAlign = 'left';
}

export function starAt(ink: Ink, x: number, y: number, radius: number): void {
  ink.fillStyle = ACCENT;
  ink.beginPath();
  for (let i = 0; i < 10; i++) {
    const [turn, reach] = [(Math.PI * i) / 5 - Math.PI / 2, i % 2 === 0 ? radius : radius * 0.45];
    ink.lineTo(x + reach * Math.cos(turn), y + reach * Math.sin(turn));
  }
  ink.closePath();
  ink.fill();
}

function fitted(ink: Ink, text: string, room: number): string {
  if (ink.measureText(text).width <= room) return text;
  let cut = [...text];
  while (cut.length > 1 && ink.measureText(`${cut.join('').trimEnd()}…`).width > room) cut = cut.slice(0, -1);
  return `${cut.join('').trimEnd()}…`;
}
