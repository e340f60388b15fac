/** The flat view: the picture fitted into the free part of the window, and a head that the pointer moves. */
import { PerspectiveCamera, Quaternion, Vector3 } from 'three';

export interface Insets {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Reach {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

const PIXELS_TO_METRES = 0.0012;
const WHEEL_TO_METRES = 0.0004;
const EASE_S = 0.09;
const WALK_M_S = 2.2;
const LEAN_M_S = 0.4;
const LOOK_RAD_PX = 0.0032;

/**
 * Take mode: dragging moves the eye inside the head box while it keeps looking at a point in the scene, so that parallax
 * shows. In a sphere (`around`) dragging looks around, and keys and wheel move the eye inside the head box.
 * Free mode (the stage): dragging looks around, keys and wheel walk.
 */
export class FlatCamera {
  readonly camera = new PerspectiveCamera(50, 1, 0.05, 2000);
  /** Where the eye is, in the anchor's space. */
  readonly eye = new Vector3();
  free = false;
  around = false;
  /** Where the picture is in the window (px) for an eye at the shot camera. */
  box: Box | null = null;
  private readonly goal = new Vector3();
  private yaw = 0;
  private pitch = 0;
  private readonly keys = new Set<string>();
  private readonly cleanups: (() => void)[] = [];
  private dragged = false;

  constructor(
    private readonly surface: HTMLElement,
    private readonly reach: Reach = { x: 0.25, y: 0.25, z: 0.25 },
  ) {
    this.listen();
  }

  /** Did the last press move? (Then it was no click.) */
  get wasDrag(): boolean {
    return this.dragged;
  }

  reset(): void {
    this.goal.set(0, 0, 0);
    this.yaw = 0;
    this.pitch = 0;
  }

  /** Put the eye `offset` metres from the shot camera, at once; where dragging looks around, `yaw` turns left, `pitch` up. */
  moveTo(offset: readonly [number, number, number], yaw = 0, pitch = 0): void {
    this.yaw = yaw;
    this.pitch = pitch;
    this.goal.set(...offset);
    this.eye.copy(this.goal);
  }

  /** The field of view at which a picture of these tangents fills the free part of the window. */
  fit(tanX: number, tanY: number, width: number, height: number, insets: Insets): void {
    const freeWidth = Math.max(80, width - insets.left - insets.right);
    const freeHeight = Math.max(60, height - insets.top - insets.bottom);
    const scale = Math.min(freeWidth / (2 * tanX), freeHeight / (2 * tanY)) * 0.965;
    const { camera } = this;
    camera.aspect = width / height;
    camera.fov = (2 * Math.atan(height / 2 / scale) * 180) / Math.PI;
    const centreX = insets.left + freeWidth / 2;
    const centreY = insets.top + freeHeight / 2;
    this.box = { left: centreX - tanX * scale, top: centreY - tanY * scale, width: 2 * tanX * scale, height: 2 * tanY * scale };
    camera.setViewOffset(width, height, width / 2 - centreX, height / 2 - centreY, width, height);
    camera.updateProjectionMatrix();
  }

  /** `pivot`: how far ahead the point lies that the eye keeps looking at; `tilt`: the shot camera's own pitch and roll. */
  update(seconds: number, pivot: number, tilt: Quaternion): void {
    const { camera, eye, goal } = this;
    if (this.free || this.around) this.walk(seconds);
    eye.lerp(goal, 1 - Math.exp(-seconds / EASE_S));
    if (this.free || this.around) {
      camera.quaternion.setFromAxisAngle(new Vector3(0, 1, 0), this.yaw);
      camera.quaternion.multiply(new Quaternion().setFromAxisAngle(new Vector3(1, 0, 0), this.pitch));
      camera.position.copy(eye);
      if (!this.free) {
        camera.position.applyQuaternion(tilt);
        camera.quaternion.premultiply(tilt);
      }
      return;
    }
    camera.position.copy(eye).applyQuaternion(tilt);
    const turn = new Quaternion().setFromAxisAngle(new Vector3(0, 1, 0), Math.atan2(eye.x, pivot + eye.z));
    const nod = new Quaternion().setFromAxisAngle(new Vector3(1, 0, 0), -Math.atan2(eye.y, pivot + eye.z));
    camera.quaternion.copy(tilt).multiply(turn).multiply(nod);
  }

  dispose(): void {
    for (const cleanup of this.cleanups) cleanup();
  }

  private walk(seconds: number): void {
    const pressed = (...names: string[]): number => (names.some((n) => this.keys.has(n)) ? 1 : 0);
    // Inside a take the arrows step through its frames.
    const or = (arrow: string): string[] => (this.free ? [arrow] : []);
    const forward = pressed('KeyW', ...or('ArrowUp')) - pressed('KeyS', ...or('ArrowDown'));
    const right = pressed('KeyD', ...or('ArrowRight')) - pressed('KeyA', ...or('ArrowLeft'));
    const up = pressed('KeyE') - pressed('KeyQ');
    const pace = this.free ? WALK_M_S : LEAN_M_S;
    const step = pace * seconds * (pressed('ShiftLeft', 'ShiftRight') ? 3 : 1);
    this.goal.add(new Vector3(right, up, -forward).multiplyScalar(step).applyAxisAngle(new Vector3(0, 1, 0), this.yaw));
    if (!this.free) this.hold();
  }

  private hold(): void {
    const clamp = (v: number, limit: number): number => Math.min(Math.max(v, -limit), limit);
    this.goal.set(clamp(this.goal.x, this.reach.x), clamp(this.goal.y, this.reach.y), clamp(this.goal.z, this.reach.z));
  }

  private drag(dx: number, dy: number): void {
    if (this.free || this.around) {
      this.yaw += dx * LOOK_RAD_PX;
      this.pitch = Math.min(Math.max(this.pitch + dy * LOOK_RAD_PX, -1.5), 1.5);
      return;
    }
    this.goal.x -= dx * PIXELS_TO_METRES;
    this.goal.y += dy * PIXELS_TO_METRES;
    this.hold();
  }

  private listen(): void {
    const on = <E extends Event>(target: EventTarget, name: string, listener: (event: E) => void): void => {
      const handler = listener as EventListener;
      target.addEventListener(name, handler, { passive: name !== 'wheel' });
      this.cleanups.push(() => target.removeEventListener(name, handler));
    };
    let held: number | null = null;
    on<PointerEvent>(this.surface, 'pointerdown', (event) => {
      held = event.pointerId;
      this.dragged = false;
      this.surface.setPointerCapture(event.pointerId);
    });
    on<PointerEvent>(this.surface, 'pointermove', (event) => {
      if (held !== event.pointerId) return;
      if (Math.abs(event.movementX) + Math.abs(event.movementY) > 1) this.dragged = true;
      this.drag(event.movementX, event.movementY);
    });
    on<PointerEvent>(this.surface, 'pointerup', () => (held = null));
    on<PointerEvent>(this.surface, 'pointercancel', () => (held = null));
    on<WheelEvent>(this.surface, 'wheel', (event) => {
      event.preventDefault();
      const step = new Vector3(0, 0, event.deltaY * WHEEL_TO_METRES * (this.free ? 8 : 1));
      this.goal.add(this.free || this.around ? step.applyAxisAngle(new Vector3(0, 1, 0), this.yaw) : step);
      if (!this.free) this.hold();
    });
    on<MouseEvent>(this.surface, 'dblclick', () => this.reset());
    const typing = (event: KeyboardEvent): boolean =>
      event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    on<KeyboardEvent>(window, 'keydown', (event) => {
      if (!typing(event)) this.keys.add(event.code);
    });
    on<KeyboardEvent>(window, 'keyup', (event) => this.keys.delete(event.code));
    on<Event>(window, 'blur', () => this.keys.clear());
  }
}
