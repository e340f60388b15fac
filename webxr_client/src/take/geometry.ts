/** The two shapes everything is drawn with: a grid of cells and a cloud of pixels, both in picture uv. */
import { BufferAttribute, BufferGeometry } from 'three';

/** (columns + 1) x (rows + 1) vertices; both triangles of a cell end on its lower right corner (the provoking vertex). */
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

/** One point in the middle of each of width x height pixels. */
export function pixelGeometry(width: number, height: number): BufferGeometry {
  const positions = new Float32Array(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      positions[at++] = (x + 0.5) / width;
      positions[at++] = (y + 0.5) / height;
      positions[at++] = 0;
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(positions, 3));
  return geometry;
}

/** A triangle that covers the target. */
export function coverGeometry(): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3));
  return geometry;
}
