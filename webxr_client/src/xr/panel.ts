/** A board like a desk before the viewer: what is shown, where it is, what was said about it. */
import { CanvasTexture, Group, LinearMipmapLinearFilter, Mesh, MeshBasicMaterial, PlaneGeometry, SRGBColorSpace, Vector3 } from 'three';

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
  /** From the viewer's seat to the middle of the board, unit length. */
  readonly direction: Vector3;
  draw(text: PanelText, opacity: number): void;
  dispose(): void;
}

const WIDTH_PX = 1024;
const HEIGHT_PX = 480;
const WIDTH_M = 0.54;
/** Below the picture and within reach of the hands, relative to the eye. */
const PLACE_M = [0, -0.52, -0.56] as const;
/** A little flatter than square to the eye, like a desk. */
const TILT_RAD = -0.86;
const MARGIN_PX = 44;
const INNER_PX = WIDTH_PX - 2 * MARGIN_PX;
const FONT = "-apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";
const MONO = 'ui-monospace, Consolas, monospace';

/** 0.76 m from the eye: text of 44 px is then 1.7 degrees high. */
export function setupPanel(parent: Group): Panel {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH_PX;
  canvas.height = HEIGHT_PX;
  const context = canvas.getContext('2d');
  const texture = new CanvasTexture(canvas);
  Object.assign(texture, { colorSpace: SRGBColorSpace, minFilter: LinearMipmapLinearFilter, anisotropy: 8 });
  const geometry = new PlaneGeometry(WIDTH_M, (WIDTH_M * HEIGHT_PX) / WIDTH_PX);
  const material = new MeshBasicMaterial({ map: texture, transparent: true, toneMapped: false, depthTest: false, depthWrite: false });
  const object = new Group();
  const board = new Mesh(geometry, material);
  board.renderOrder = 20;
  board.position.set(...PLACE_M);
  board.rotation.x = TILT_RAD;
  object.add(board);
  parent.add(object);
  let last = '';
  return {
    object,
    direction: new Vector3(...PLACE_M).normalize(),
    draw(text, opacity) {
      board.visible = opacity > 0;
      material.opacity = opacity;
      if (!board.visible || !context) return;
      const key = JSON.stringify(text);
      if (key === last) return;
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
  block(c, 'rgba(15, 17, 21, 0.86)', 0, 0, WIDTH_PX, HEIGHT_PX, 36);
  c.textBaseline = 'middle';
  c.textAlign = 'left';
  let x = MARGIN_PX;
  if (text.slate) {
    c.font = `700 58px ${MONO}`;
    const width = c.measureText(text.slate).width + 40;
    block(c, '#eceef2', x, 36, width, 84, 12);
    write(c, text.slate, '#14161b', x + 20, 80);
    x += width + 26;
  }
  c.font = `600 52px ${FONT}`;
  write(c, text.take, '#eceef2', x, 80);
  x += c.measureText(text.take).width + 24;
  c.font = `500 38px ${FONT}`;
  write(c, text.badge, '#f2b14a', x, 81);
  c.textAlign = 'right';
  write(c, text.frame, '#9aa1ad', WIDTH_PX - MARGIN_PX, 81);
  c.textAlign = 'left';
  c.font = `700 92px ${MONO}`;
  const code = `${text.playing ? '▶' : '❚❚'} ${text.timecode}`;
  write(c, fitted(c, code, INNER_PX), '#eceef2', MARGIN_PX, 190);
  block(c, 'rgba(255, 255, 255, 0.16)', MARGIN_PX, 254, INNER_PX, 12, 6);
  block(c, '#f2b14a', MARGIN_PX, 254, INNER_PX * Math.min(Math.max(text.fraction, 0), 1), 12, 6);
  c.font = `500 42px ${FONT}`;
  for (const [i, line] of text.lines.slice(0, 2).entries()) write(c, fitted(c, line, INNER_PX), '#eceef2', MARGIN_PX, 314 + i * 58);
  c.font = `400 37px ${FONT}`;
  write(c, fitted(c, text.help, INNER_PX), '#b3b9c4', MARGIN_PX, HEIGHT_PX - 46);
}

function block(c: CanvasRenderingContext2D, colour: string, x: number, y: number, width: number, height: number, radius: number): void {
  c.fillStyle = colour;
  c.beginPath();
  c.roundRect(x, y, width, height, radius);
  c.fill();
}

function write(c: CanvasRenderingContext2D, text: string, colour: string, x: number, y: number): void {
  c.fillStyle = colour;
  c.fillText(text, x, y);
}

function fitted(c: CanvasRenderingContext2D, text: string, width: number): string {
  if (c.measureText(text).width <= width) return text;
  let cut = [...text];
  while (cut.length > 1 && c.measureText(`${cut.join('')}…`).width > width) cut = cut.slice(0, -1);
  return `${cut.join('')}…`;
}
