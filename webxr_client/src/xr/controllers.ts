/** Controllers in the hands: rays to see, intents to act on. */
import { BufferGeometry, CylinderGeometry, Float32BufferAttribute, Line, LineBasicMaterial, Mesh, MeshBasicMaterial, type Group, type WebGLRenderer } from 'three';
import { intents, padState, type Intent, type PadState } from '../core/xr-input';

export interface Controllers {
  /** Call once per frame of a session. */
  poll(session: XRSession, mode: 'take' | 'stage'): readonly Intent[];
  /** Where each points from, along its -Z; there are always two, tracked or not. */
  readonly hands: readonly Hand[];
  dispose(): void;
}

export interface Hand {
  readonly space: Group;
  /** Which it is, while it is tracked. */
  readonly side: () => PadState['hand'] | null;
  /** Let the ray end after so many metres, or nowhere. */
  reach(metres: number | null): void;
  /** A tick to be felt. */
  tick(): void;
}

export function setupControllers(renderer: WebGLRenderer, rig: Group): Controllers {
  const ray = rayShape();
  const rayMaterial = new LineBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false });
  const grip = gripShape();
  const gripMaterial = new MeshBasicMaterial({ vertexColors: true, toneMapped: false });
  const spaces = [0, 1].map((index) => renderer.xr.getController(index));
  const hands = spaces.map((space): Hand => {
    const line = new Line(ray, rayMaterial);
    space.add(line, new Mesh(grip, gripMaterial));
    rig.add(space);
    const source = sourceOf(space);
    return {
      space,
      side: () => source()?.handedness ?? null,
      reach: (metres) => line.scale.setZ((metres ?? RAY_M) / RAY_M),
      tick: () => void source()?.gamepad?.hapticActuators?.[0]?.pulse?.(TICK_STRENGTH, TICK_MS),
    };
  });
  let before = new Map<XRInputSource, PadState>();
  return {
    hands,
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
      for (const space of spaces) {
        space.clear();
        space.removeFromParent();
      }
      for (const part of [ray, rayMaterial, grip, gripMaterial]) part.dispose();
    },
  };
}

/** What three.js says of a hand's space: the input source behind it, while there is one. */
function sourceOf(space: Group): () => XRInputSource | null {
  let source: XRInputSource | null = null;
  const events = space as unknown as { addEventListener(type: 'connected' | 'disconnected', told: (event: { data?: XRInputSource }) => void): void };
  events.addEventListener('connected', ({ data }) => (source = data ?? null));
  events.addEventListener('disconnected', () => (source = null));
  return () => source;
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
