/**
 * The sphere about a camera, or the part of it that an equirectangular picture shows. Pure: the reference twin of the GLSL in
 * `take/layer-shaders.ts`. Longitudes are to the right of -Z, latitudes above the horizon, radians; uv from the upper left.
 */
import type { Equirectangular, Manifest } from '../protocol/messages';
import type { Vec3 } from './pose';

export interface SphereWindow {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Its left and right borders are one line. */
  readonly allRound: boolean;
}

/** Half the view of the flat window into a sphere, as tangents. */
export const FLAT_TANGENTS = { x: (Math.tan(0.5) * 16) / 9, y: Math.tan(0.5) } as const;

export function windowOf(p: Equirectangular): SphereWindow {
  const width = 2 * Math.PI * (1 - p.projectionBoundsLeft - p.projectionBoundsRight);
  return {
    left: Math.PI * (2 * p.projectionBoundsLeft - 1),
    top: Math.PI * (0.5 - p.projectionBoundsTop),
    width,
    height: Math.PI * (1 - p.projectionBoundsTop - p.projectionBoundsBottom),
    allRound: width >= 2 * Math.PI - 1e-6,
  };
}

/** The clip's window, or null where it is a picture in a frame. */
export function sphereOf({ projection }: Pick<Manifest, 'projection'>): SphereWindow | null {
  return projection.type === 'equirectangular' ? windowOf(projection) : null;
}

/** Unit direction of a place in the picture, in the camera's axes. */
export function directionAt(u: number, v: number, w: SphereWindow): [number, number, number] {
  const lon = w.left + u * w.width;
  const lat = w.top - v * w.height;
  return [Math.sin(lon) * Math.cos(lat), Math.sin(lat), -Math.cos(lon) * Math.cos(lat)];
}

/** Where a direction stands in the picture; outside 0..1 where the window does not show it. */
export function placeOf([x, y, z]: Vec3, w: SphereWindow): [number, number] {
  const middle = w.left + w.width / 2;
  const turn = 2 * Math.PI;
  const off = Math.atan2(x, -z) - middle;
  const lon = off - turn * Math.floor((off + Math.PI) / turn) + middle;
  return [(lon - w.left) / w.width, (w.top - Math.atan2(y, Math.hypot(x, z))) / w.height];
}

/**
 * Columns of the grid that a sphere of `width` x `height` samples is drawn with: about `wanted`, of cells that hold whole
 * samples; `wanted` itself where none do.
 */
export function sphereColumns(width: number, height: number, wanted: number): number {
  let best = 0;
  for (let cell = 1; cell <= width / 16; cell++) {
    if (width % cell || height % cell) continue;
    if (Math.abs(Math.log(width / cell / wanted)) < Math.abs(Math.log(best / wanted))) best = width / cell;
  }
  return best >= wanted / 1.6 && best <= wanted * 1.6 ? best : Math.min(wanted, width);
}
