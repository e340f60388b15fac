/** A region drawn on the picture: a hand's stroke made into one clean outline. Coordinates 0..1 from the upper left. Pure. */
import type { EllipseShape, PolygonShape, RectShape } from '../protocol/messages';

export type Spot = readonly [number, number];
export type DrawnShape = RectShape | EllipseShape | PolygonShape;

/** Below this share of the picture it was a click or a slip; the server refuses less. */
const SMALLEST_AREA = 4e-4;
/** How far an outline may be from the stroke, as a share of the picture. */
const TOLERANCE = 0.002;
/** The server takes 256 points. */
const MOST_POINTS = 200;

export function areaOf(points: readonly Spot[]): number {
  let twice = 0;
  points.forEach(([x, y], i) => {
    const [nextX, nextY] = points[(i + 1) % points.length] ?? [x, y];
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}

/** The rectangle between two corners, held inside the picture; null for one that is too small to be meant. */
export function rectBetween(a: Spot, b: Spot): RectShape | null {
  const [left, right] = [a[0], b[0]].map(hold).toSorted((p, q) => p - q) as [number, number];
  const [top, bottom] = [a[1], b[1]].map(hold).toSorted((p, q) => p - q) as [number, number];
  return (right - left) * (bottom - top) < SMALLEST_AREA ? null : { kind: 'rect', left, top, right, bottom };
}

/** The loop that a stroke draws: closed, inside the picture, of few points, and crossing itself nowhere; null for none. */
export function lassoOf(stroke: readonly Spot[]): PolygonShape | null {
  const inside = stroke.map(([x, y]): Spot => [hold(x), hold(y)]);
  let tolerance = TOLERANCE;
  let points = untangled(simplified(inside, tolerance));
  while (points.length > MOST_POINTS) points = untangled(simplified(inside, (tolerance *= 2)));
  if (points.length < 3 || areaOf(points) < SMALLEST_AREA) return null;
  return { kind: 'polygon', points: points.map(([x, y]) => [round(x), round(y)]) };
}

/** As few of the points as keep within `tolerance` of the stroke (Douglas and Peucker 1973). */
export function simplified(points: readonly Spot[], tolerance: number): readonly Spot[] {
  const keep = new Set<number>([0, points.length - 1]);
  const spans: [number, number][] = [[0, points.length - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span;
    let [worst, at] = [tolerance, -1];
    for (let i = from + 1; i < to; i++) {
      const off = distance(points[i] as Spot, points[from] as Spot, points[to] as Spot);
      if (off > worst) [worst, at] = [off, i];
    }
    if (at < 0) continue;
    keep.add(at);
    spans.push([from, at], [at, to]);
  }
  return points.filter((_, i) => keep.has(i));
}

/** The largest single loop of a closed outline: where it crosses itself, the smaller part is left away. */
export function untangled(outline: readonly Spot[]): readonly Spot[] {
  let points = outline;
  for (let crossing = firstCrossing(points); crossing; crossing = firstCrossing(points)) {
    const [i, j, at] = crossing;
    const inner = [at, ...points.slice(i + 1, j + 1)];
    const outer = [...points.slice(0, i + 1), at, ...points.slice(j + 1)];
    points = areaOf(inner) > areaOf(outer) ? inner : outer;
  }
  return points;
}

/** As an SVG path over a picture of this size. */
export function pathOf(shape: DrawnShape, width: number, height: number): string {
  const at = ([x, y]: Spot): string => `${(x * width).toFixed(1)} ${(y * height).toFixed(1)}`;
  switch (shape.kind) {
    case 'rect':
      return pathOf({ kind: 'polygon', points: [[shape.left, shape.top], [shape.right, shape.top], [shape.right, shape.bottom], [shape.left, shape.bottom]] }, width, height);
    case 'ellipse': {
      const [rx, ry] = [shape.radiusX * width, shape.radiusY * height];
      const arc = (x: number): string => `A${rx} ${ry} 0 0 1 ${at([x, shape.y])}`;
      return `M${at([shape.x - shape.radiusX, shape.y])}${arc(shape.x + shape.radiusX)}${arc(shape.x - shape.radiusX)}Z`;
    }
    case 'polygon':
      return `M${shape.points.map(([x, y]) => at([x, y])).join('L')}Z`;
  }
}

function hold(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

function round(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}

function distance([x, y]: Spot, [ax, ay]: Spot, [bx, by]: Spot): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const s = length === 0 ? 0 : hold(((x - ax) * dx + (y - ay) * dy) / length);
  return Math.hypot(x - ax - s * dx, y - ay - s * dy);
}

/** Two edges i < j of the closed outline that are no neighbours and cross, and where. */
function firstCrossing(points: readonly Spot[]): [number, number, Spot] | null {
  const count = points.length;
  for (let i = 0; i < count; i++) {
    for (let j = i + 2; j < count; j++) {
      if (i === 0 && j === count - 1) continue;
      const at = meeting(points[i] as Spot, points[i + 1] as Spot, points[j] as Spot, points[(j + 1) % count] as Spot);
      if (at) return [i, j, at];
    }
  }
  return null;
}

function meeting([ax, ay]: Spot, [bx, by]: Spot, [cx, cy]: Spot, [dx, dy]: Spot): Spot | null {
  const across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
  if (across === 0) return null;
  const s = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / across;
  const t = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / across;
  return s > 0 && s < 1 && t > 0 && t < 1 ? [ax + s * (bx - ax), ay + s * (by - ay)] : null;
}
