/** A small board in front of the viewer's knees: what is shown, where it is, what was said about it. */
import { CanvasTexture, Group, LinearFilter, Mesh, MeshBasicMaterial, PlaneGeometry, SRGBColorSpace } from 'three';

export interface PanelText {
  readonly slate: string;
  readonly take: string;
  readonly badge: string;
  readonly timecode: string;
  readonly frame: string;
  readonly playing: boolean;
  /** 0..1 through the clip. */
  readonly fraction: number;
  readonly lines: readonly string[];
  readonly help: string;
}

export interface Panel {
  readonly object: Group;
  draw(text: PanelText): void;
  dispose(): void;
}

const WIDTH_PX = 1024;
const HEIGHT_PX = 416;
const WIDTH_M = 0.9;
const FONT = "-apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";

/** 1.4 m away and 31 degrees below the eye, facing it: text of 30 px is then about half a degree high. */
export function setupPanel(parent: Group): Panel {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH_PX;
  canvas.height = HEIGHT_PX;
  const context = canvas.getContext('2d');
  const texture = new CanvasTexture(canvas);
  Object.assign(texture, { colorSpace: SRGBColorSpace, generateMipmaps: false, minFilter: LinearFilter });
  const geometry = new PlaneGeometry(WIDTH_M, (WIDTH_M * HEIGHT_PX) / WIDTH_PX);
  const material = new MeshBasicMaterial({ map: texture, transparent: true, toneMapped: false, depthTest: false, depthWrite: false });
  const object = new Group();
  const board = new Mesh(geometry, material);
  board.renderOrder = 20;
  board.position.set(0, -0.72, -1.2);
  board.lookAt(0, 0, 0);
  object.add(board);
  parent.add(object);
  let last = '';
  return {
    object,
    draw(text) {
      const key = JSON.stringify(text);
      if (key === last || !context) return;
      last = key;
      paint(context, text);
      texture.needsUpdate = true;
    },
    dispose() {
      object.removeFromParent();
      geometry.dispose();
      material.dispose();
      texture.dispose();
    },
  };
}

function paint(c: CanvasRenderingContext2D, text: PanelText): void {
  c.clearRect(0, 0, WIDTH_PX, HEIGHT_PX);
  c.fillStyle = 'rgba(15, 17, 21, 0.88)';
  c.beginPath();
  c.roundRect(0, 0, WIDTH_PX, HEIGHT_PX, 32);
  c.fill();
  c.textBaseline = 'middle';
  let x = 40;
  if (text.slate) {
    c.font = `700 44px ui-monospace, Consolas, monospace`;
    const width = c.measureText(text.slate).width + 32;
    c.fillStyle = '#eceef2';
    c.beginPath();
    c.roundRect(x, 34, width, 64, 10);
    c.fill();
    c.fillStyle = '#14161b';
    c.fillText(text.slate, x + 16, 68);
    x += width + 22;
  }
  c.font = `600 42px ${FONT}`;
  c.fillStyle = '#eceef2';
  c.fillText(text.take, x, 67);
  x += c.measureText(text.take).width + 22;
  c.font = `500 32px ${FONT}`;
  c.fillStyle = '#f2b14a';
  c.fillText(text.badge, x, 68);
  c.textAlign = 'right';
  c.font = `700 48px ui-monospace, Consolas, monospace`;
  c.fillStyle = '#eceef2';
  c.fillText(text.timecode, WIDTH_PX - 40, 60);
  c.font = `500 28px ${FONT}`;
  c.fillStyle = '#9aa1ad';
  c.fillText(`${text.playing ? '▶' : '❚❚'}  ${text.frame}`, WIDTH_PX - 40, 106);
  c.textAlign = 'left';
  c.fillStyle = 'rgba(255, 255, 255, 0.16)';
  c.fillRect(40, 142, WIDTH_PX - 80, 8);
  c.fillStyle = '#f2b14a';
  c.fillRect(40, 142, (WIDTH_PX - 80) * Math.min(Math.max(text.fraction, 0), 1), 8);
  c.font = `500 34px ${FONT}`;
  c.fillStyle = '#eceef2';
  for (const [i, line] of text.lines.slice(0, 3).entries()) c.fillText(fitted(c, line, WIDTH_PX - 80), 40, 196 + i * 52);
  c.font = `400 28px ${FONT}`;
  c.fillStyle = '#9aa1ad';
  c.fillText(fitted(c, text.help, WIDTH_PX - 80), 40, HEIGHT_PX - 42);
}

function fitted(c: CanvasRenderingContext2D, text: string, width: number): string {
  if (c.measureText(text).width <= width) return text;
  let cut = [...text];
  while (cut.length > 1 && c.measureText(`${cut.join('')}…`).width > width) cut = cut.slice(0, -1);
  return `${cut.join('')}…`;
}
