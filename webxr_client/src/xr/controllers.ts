/** Controllers in the hands: rays to see, intents to act on. */
import { BufferGeometry, Float32BufferAttribute, Line, LineBasicMaterial, Mesh, MeshBasicMaterial, SphereGeometry, type Group, type WebGLRenderer } from 'three';
import { intents, padState, type Intent, type PadState } from '../core/xr-input';

export interface Controllers {
  /** Call once per frame of a session. */
  poll(session: XRSession, mode: 'take' | 'stage'): readonly Intent[];
  dispose(): void;
}

export function setupControllers(renderer: WebGLRenderer, rig: Group): Controllers {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute([0, 0, 0, 0, 0, -1.5], 3));
  const rayMaterial = new LineBasicMaterial({ color: 0xf2b14a, transparent: true, opacity: 0.5 });
  const grip = new SphereGeometry(0.018, 12, 8);
  const gripMaterial = new MeshBasicMaterial({ color: 0xd8dbe2 });
  const spaces = [0, 1].map((index) => {
    const space = renderer.xr.getController(index);
    space.add(new Line(geometry, rayMaterial), new Mesh(grip, gripMaterial));
    rig.add(space);
    return space;
  });
  let before = new Map<XRInputSource, PadState>();
  return {
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
      for (const part of [geometry, rayMaterial, grip, gripMaterial]) part.dispose();
    },
  };
}
