/** Controllers in the hands: rays to see, intents to act on. */
import { BufferGeometry, CylinderGeometry, Float32BufferAttribute, Group, Line, LineBasicMaterial, Mesh, MeshBasicMaterial } from 'three';
import { intents, padState, type Intent, type PadState } from '../core/xr-input';

export interface Controllers {
  /** Where each points from, along its -Z; there are always two, tracked or not. */
  readonly hands: readonly Hand[];
  /** Call once per frame of a session, first. `space`: in which the rig carries the viewer. */
  track(session: XRSession, frame: XRFrame, space: XRReferenceSpace): void;
  /** Call once per frame of a session. */
  poll(session: XRSession, mode: 'take' | 'stage'): readonly Intent[];
  dispose(): void;
}

export interface Hand {
  readonly space: Group;
  /** Which it is, while it is tracked. */
  side(): PadState['hand'] | null;
  /** Let the ray end after so many metres, or nowhere. */
  reach(metres: number | null): void;
  /** A tick to be felt. */
  tick(): void;
}

export function setupControllers(rig: Group): Controllers {
  const ray = rayShape();
  const rayMaterial = new LineBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false });
  const grip = gripShape();
  const gripMaterial = new MeshBasicMaterial({ vertexColors: true, toneMapped: false });
  const hands = [0, 1].map(() => makeHand(new Line(ray, rayMaterial), new Mesh(grip, gripMaterial)));
  rig.add(...hands.map(({ space }) => space));
  let before = new Map<XRInputSource, PadState>();
  return {
    hands,
    track(session, frame, space) {
      const pointing = [...session.inputSources].filter(({ targetRayMode }) => targetRayMode === 'tracked-pointer');
      for (const [i, hand] of hands.entries()) hand.follow(pointing[i] ?? null, frame, space);
    },
    poll(session, mode) {
      const now = new Map<XRInputSource, PadState>();
      const found: Intent[] = [];
      for (const source of session.inputSources) {
        if (!source.gamepad) continue;
        const state = padState(source.handedness, source.gamepad.buttons, source.gamepad.axes);
        now.set(source, state);
        found.push(...intents(before.get(source), state, mode));
      }
      before = now;
      return found;
    },
    dispose() {
      for (const { space } of hands) space.removeFromParent();
      for (const part of [ray, rayMaterial, grip, gripMaterial]) part.dispose();
    },
  };
}

/** Follows an input source by its pose in each frame: who comes late to a session has missed that it was connected. */
function makeHand(line: Line, grip: Mesh): Hand & { follow(source: XRInputSource | null, frame: XRFrame, within: XRReferenceSpace): void } {
  const space = new Group();
  space.matrixAutoUpdate = false;
  space.visible = false;
  space.add(line, grip);
  let held: XRInputSource | null = null;
  return {
    space,
    follow(source, frame, within) {
      const pose = source ? frame.getPose(source.targetRaySpace, within) : undefined;
      held = pose ? source : null;
      space.visible = held !== null;
      if (!pose) return;
      space.matrix.fromArray(pose.transform.matrix);
      space.matrixWorldNeedsUpdate = true;
    },
    side: () => held?.handedness ?? null,
    reach: (metres) => line.scale.setZ((metres ?? RAY_M) / RAY_M),
    tick: () => void held?.gamepad?.hapticActuators?.[0]?.pulse?.(TICK_STRENGTH, TICK_MS),
  };
}

const TICK_STRENGTH = 0.25;
const TICK_MS = 12;
const RAY_M = 1.2;

/** Bright at the hand, gone at its end: it points without drawing a line through the picture. */
function rayShape(): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute([0, 0, -0.03, 0, 0, -RAY_M], 3));
  geometry.setAttribute('color', new Float32BufferAttribute([0.9, 0.9, 0.92, 0.55, 0.9, 0.9, 0.92, 0], 4));
  return geometry;
}

/** A slim dark handle along -Z, lit from above by its own colours. */
function gripShape(): BufferGeometry {
  const shape = new CylinderGeometry(0.008, 0.013, 0.12, 20, 1).rotateX(-Math.PI / 2).translate(0, 0, 0.03);
  const normal = shape.getAttribute('normal');
  const shades = Array.from({ length: normal.count }, (_, i) => Array<number>(3).fill(0.06 + 0.05 * normal.getY(i))).flat();
  shape.setAttribute('color', new Float32BufferAttribute(shades, 3));
  return shape;
}
