/** The shot's staging in real 3D: loaded when it is asked for, played at the clip's own time, drawn at 1:1. */
import {
  AmbientLight,
  AnimationMixer,
  BufferGeometry,
  DirectionalLight,
  Float32BufferAttribute,
  Group,
  HemisphereLight,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  type AnimationAction,
  type Material,
  type Object3D,
} from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import type { Quat, Vec3 } from '../core/pose';

export type StageState = 'none' | 'loading' | 'ready' | 'missing';

const FRUSTUM_M = 1.1;

export class Stage {
  /** In the film's world: metres, ground at y = 0. */
  readonly group = new Group();
  state: StageState = 'none';
  private url: string | null = null;
  private model: Object3D | null = null;
  private mixer: AnimationMixer | null = null;
  private actions: AnimationAction[] = [];
  private readonly gizmo = frustumLines();
  /** Shines where a stage brings no sun of its own. */
  private readonly sun = new DirectionalLight(0xfff2dd, 1.8);

  constructor(private readonly onState: (state: StageState) => void) {
    this.sun.position.set(6, 12, 4);
    this.group.add(new AmbientLight(0xffffff, 0.5), new HemisphereLight(0xbfd4ff, 0x6b5a48, 1.1), this.sun, this.gizmo);
    this.group.visible = false;
  }

  /** Load the stage at `url` unless it is there already; null takes it away. */
  async load(url: string | null): Promise<void> {
    if (url === this.url) return;
    this.clear();
    this.url = url;
    if (!url) return;
    this.tell('loading');
    try {
      const { scene, animations } = await new GLTFLoader().loadAsync(url);
      if (url !== this.url) {
        disposeTree(scene);
        return;
      }
      this.model = scene;
      this.mixer = new AnimationMixer(scene);
      this.actions = animations.map((clip) => this.mixer!.clipAction(clip).play());
      this.group.add(scene);
      this.sun.visible = scene.getObjectByProperty('isDirectionalLight', true) === undefined;
      this.tell('ready');
    } catch {
      // A take without a stage is an ordinary case (its engine may know none): said in the interface, not thrown.
      if (url === this.url) this.tell('missing');
    }
  }

  /** Show the moment `seconds`, and the shot camera where it then is. */
  setTime(seconds: number, position: Vec3, rotation: Quat, tanX: number, tanY: number): void {
    for (const action of this.actions) action.time = Math.min(seconds, action.getClip().duration);
    this.mixer?.update(0);
    this.gizmo.position.set(...position);
    this.gizmo.quaternion.set(...rotation);
    this.gizmo.scale.set(tanX * FRUSTUM_M, tanY * FRUSTUM_M, FRUSTUM_M);
  }

  clear(): void {
    this.mixer?.stopAllAction();
    if (this.model) disposeTree(this.model);
    this.model = null;
    this.mixer = null;
    this.actions = [];
    this.url = null;
    this.tell('none');
  }

  private tell(state: StageState): void {
    this.state = state;
    this.onState(state);
  }
}

/** The field of view as four rays and a frame, unit size. */
function frustumLines(): LineSegments {
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const;
  const points = corners.flatMap(([x, y], i) => {
    const [nx, ny] = corners[(i + 1) % 4] ?? [0, 0];
    return [0, 0, 0, x, y, -1, x, y, -1, nx, ny, -1];
  });
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute(points, 3));
  return new LineSegments(geometry, new LineBasicMaterial({ color: 0xf2b14a }));
}

function disposeTree(root: Object3D): void {
  root.removeFromParent();
  root.traverse((object) => {
    if (!(object instanceof Mesh)) return;
    (object.geometry as BufferGeometry).dispose();
    const materials: Material[] = Array.isArray(object.material) ? object.material : [object.material];
    for (const material of materials) material.dispose();
  });
}
