/** A shift-click on the picture becomes a ray and a place in the film's world. */
import { Quaternion, Raycaster, Vector2, Vector3 } from 'three';
import { poseAt } from '../core/manifest';
import { rotate } from '../core/pose';
import type { World } from './world';

export interface Point {
  /** In the film's world. */
  readonly metres: [number, number, number];
  readonly direction: [number, number, number];
  readonly distance: number;
  readonly metric: boolean;
}

export function pointAt(world: World, clientX: number, clientY: number): Point | null {
  const { screen, flat } = world;
  const view = screen?.view;
  const shown = screen?.shown;
  if (!view || !shown || world.mode !== 'take') return null;
  const caster = new Raycaster();
  caster.setFromCamera(new Vector2((clientX / window.innerWidth) * 2 - 1, 1 - (clientY / window.innerHeight) * 2), flat.camera);
  const origin = view.camera.worldToLocal(caster.ray.origin.clone());
  const turn = view.camera.getWorldQuaternion(new Quaternion()).invert();
  const direction = caster.ray.direction.clone().applyQuaternion(turn);
  const metres = view.pick(origin.toArray(), direction.toArray());
  if (!metres) return null;
  const { position, rotation } = poseAt(shown.clip.manifest, shown.frame);
  return {
    metres,
    direction: rotate(rotation, direction.toArray()),
    distance: new Vector3(...metres).distanceTo(new Vector3(...position)),
    metric: shown.clip.manifest.depth.scale === 'metric',
  };
}
