import { describe, expect, it } from 'vitest';
import { areaOf, lassoOf, pathOf, rectBetween, simplified, untangled, type Spot } from '../src/core/region';

const ring = (count: number, radius = 0.2, turns = 1): Spot[] =>
  Array.from({ length: count }, (_, i) => {
    const angle = (turns * 2 * Math.PI * i) / count;
    return [0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)];
  });

/** Every pair of edges that are no neighbours, by a test of sides that shares nothing with the code. */
const crosses = (points: readonly Spot[]): boolean => {
  const side = (a: Spot, b: Spot, p: Spot): number => Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
  const edges = points.map((p, i): [Spot, Spot] => [p, points[(i + 1) % points.length] as Spot]);
  return edges.some(([a, b], i) => edges.some(([c, d], j) => i < j && side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0));
};

describe('a region drawn by hand', () => {
  it('becomes an outline of few points that encloses what was drawn round', () => {
    const shape = lassoOf(ring(900));
    expect(shape?.points.length).toBeLessThan(60);
    expect(areaOf(shape?.points ?? [])).toBeCloseTo(Math.PI * 0.04, 2);
  });

  it('keeps the large loop where the stroke crosses itself', () => {
    const tail: Spot[] = [...ring(40), [0.72, 0.5], [0.74, 0.44], [0.66, 0.55], [0.7, 0.6]];
    const shape = lassoOf(tail);
    expect(crosses(shape?.points ?? [])).toBe(false);
    expect(areaOf(shape?.points ?? [])).toBeGreaterThan(0.11);
    expect(crosses([[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]])).toBe(true);
    expect(crosses(untangled([[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]]))).toBe(false);
  });

  it('is one loop and inside the picture, whatever a hand scribbles', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let n = 0; n < 40; n++) {
      const shape = lassoOf(Array.from({ length: 4 + n * 3 }, (): Spot => [random() * 1.4 - 0.2, random() * 1.4 - 0.2]));
      if (!shape) continue;
      expect(crosses(shape.points)).toBe(false);
      expect(shape.points.length).toBeLessThanOrEqual(256);
      expect(shape.points.flat().every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  it('is nothing for a click, a slip or a line', () => {
    expect(lassoOf([[0.5, 0.5]])).toBeNull();
    expect(lassoOf([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]])).toBeNull();
    expect(lassoOf(ring(20, 0.005))).toBeNull();
    expect(rectBetween([0.5, 0.5], [0.505, 0.9])).toMatchObject({ kind: 'rect' });
    expect(rectBetween([0.5, 0.5], [0.5, 0.9])).toBeNull();
  });

  it('may be a rectangle, dragged any way and past the edge', () => {
    expect(rectBetween([0.9, 1.3], [0.4, 0.2])).toEqual({ kind: 'rect', left: 0.4, top: 0.2, right: 0.9, bottom: 1 });
  });

  it('is shown where it was drawn', () => {
    expect(pathOf({ kind: 'rect', left: 0.25, top: 0.5, right: 0.75, bottom: 1 }, 400, 200)).toBe('M100.0 100.0L300.0 100.0L300.0 200.0L100.0 200.0Z');
    expect(pathOf({ kind: 'ellipse', x: 0.5, y: 0.5, radiusX: 0.25, radiusY: 0.25 }, 400, 200)).toMatch(/^M100\.0 100\.0A100 50 /);
  });

  it('loses no corner of a stroke to simplification', () => {
    const corner: Spot[] = [[0, 0], [0.5, 0.0001], [1, 0], [1, 1]];
    expect(simplified(corner, 0.002)).toEqual([[0, 0], [1, 0], [1, 1]]);
  });
});
