/** Rotations without three.js: what "gravity-aligned" means here. Quaternions xyzw, right-handed, +Y up, -Z forward. */

export type Vec3 = readonly [number, number, number];
export type Quat = readonly [number, number, number, number];

export function rotate([x, y, z, w]: Quat, [vx, vy, vz]: Vec3): [number, number, number] {
  const tx = 2 * (y * vz - z * vy);
  const ty = 2 * (z * vx - x * vz);
  const tz = 2 * (x * vy - y * vx);
  return [vx + w * tx + y * tz - z * ty, vy + w * ty + z * tx - x * tz, vz + w * tz + x * ty - y * tx];
}

export function multiply(a: Quat, b: Quat): [number, number, number, number] {
  const [ax, ay, az, aw] = a;
  const [bx, by, bz, bw] = b;
  return [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
}

/** Rotation about +Y. */
export function yawQuat(yaw: number): [number, number, number, number] {
  return [0, Math.sin(yaw / 2), 0, Math.cos(yaw / 2)];
}

/** The heading of a camera: 0 looks along -Z, positive turns left. Looking straight up or down, its top side decides. */
export function yawOf(rotation: Quat): number {
  const forward = rotate(rotation, [0, 0, -1]);
  if (Math.hypot(forward[0], forward[2]) > 1e-3) return Math.atan2(-forward[0], -forward[2]);
  const up = rotate(rotation, [0, 1, 0]);
  const sign = forward[1] > 0 ? 1 : -1;
  return Math.atan2(sign * up[0], sign * up[2]);
}

/** How far a camera looks up, radians. */
export function pitchOf(rotation: Quat): number {
  return Math.asin(Math.min(1, Math.max(-1, rotate(rotation, [0, 0, -1])[1])));
}

/** Pitch and roll alone: `rotation` with its heading taken out. What the layers are turned by, so that floors are level. */
export function levelled(rotation: Quat): [number, number, number, number] {
  return multiply(yawQuat(-yawOf(rotation)), rotation);
}

/** A point of the camera's space in the world. */
export function toWorld(position: Vec3, rotation: Quat, point: Vec3): [number, number, number] {
  const [x, y, z] = rotate(rotation, point);
  return [position[0] + x, position[1] + y, position[2] + z];
}

function over(v: number, low: number, high: number): number {
  return Math.max(low - v, v - high, 0);
}

/**
 * How far outside the head box a place is, metres (0 inside).
 */
export function outside(place: Vec3, min: Vec3, max: Vec3): number {
  return Math.hypot(over(place[0], min[0], max[0]), over(place[1], min[1], max[1]), over(place[2], min[2], max[2]));
}

/** 0 = full parallax, 1 = flat: the fade over the half metre outside the head box. */
export function flatness(outsideM: number, fadeM = 0.5): number {
  const t = Math.min(Math.max(outsideM / fadeM, 0), 1);
  return t * t * (3 - 2 * t);
}
