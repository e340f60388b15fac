/** The shapes everything is drawn with. */
import { BufferAttribute, BufferGeometry } from 'three';

/** (columns + 1) x (rows + 1) vertices in picture uv, joined to one sheet. */
export function gridGeometry(columns: number, rows: number): BufferGeometry {
  const positions = new Float32Array((columns + 1) * (rows + 1) * 3);
  let at = 0;
  for (let row = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++) {
      positions[at++] = column / columns;
      positions[at++] = row / rows;
      positions[at++] = 0;
    }
  }
  const index = new Uint32Array(columns * rows * 6);
  at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const a = row * (columns + 1) + column;
      const [b, c, d] = [a + 1, a + columns + 1, a + columns + 2];
      for (const vertex of [a, c, d, b, a, d]) index[at++] = vertex;
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(positions, 3));
  geometry.setIndex(new BufferAttribute(index, 1));
  return geometry;
}

/**
 * Every cell on its own, twice: `position` is (column, row, part), parts 0..3 being the corners of its near surface (upper
 * left, upper right, lower left, lower right) and 4..7 those of its far one. Whole numbers, made into places by the shader.
 */
export function cellGeometry(columns: number, rows: number): BufferGeometry {
  const positions = new Uint16Array(columns * rows * 8 * 3);
  const index = new Uint32Array(columns * rows * 12);
  let [vertex, at] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let part = 0; part < 8; part++) positions.set([column, row, part], (vertex + part) * 3);
      for (const corner of [0, 2, 3, 1, 0, 3, 4, 6, 7, 5, 4, 7]) index[at++] = vertex + corner;
      vertex += 8;
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(positions, 3));
  geometry.setIndex(new BufferAttribute(index, 1));
  return geometry;
}

/** A triangle that covers the target. */
export function coverGeometry(): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3));
  return geometry;
}
