/** The three.js side of the page: renderer, scene, the viewer's rig and the loop. */
import { Group, Matrix4, Quaternion, Scene, Vector2, Vector3, WebGLRenderer, type Camera } from 'three';
import { poseAt } from '../core/manifest';
import { pitchOf, yawOf, type Vec3 } from '../core/pose';
import { FlatCamera, type Box, type Insets } from '../take/flat-camera';
import { Surround } from '../take/surround';
import type { Pose } from '../protocol/messages';
import type { Screen } from './screen';

export type Mode = 'take' | 'stage';

/** In stage mode the take stands at its camera as a picture this far ahead. */
const STAGE_SCREEN_M = 1.1;
/** Where the stage is first seen from: behind the shot camera and to its right, looking past it. */
const STAGE_EYE_M: Vec3 = [1.1, 0.35, 1.5];
const STAGE_YAW_RAD = 0.3;
/** An eye no farther than this from the shot camera sees the picture as it was made. */
const STRAIGHT_M = 0.004;
const FEATHER = 0.06;
const GRID_LIMIT_M = 30;
/** A flat view in which nothing seems to change is drawn this often, in case something did. */
const REST_S = 1;
const UP = new Vector3(0, 1, 0);

export class World {
  readonly renderer: WebGLRenderer;
  readonly scene = new Scene();
  /** Where the shot camera stands: level, heading -Z. The layers hang below it. */
  readonly anchor = new Group();
  /** The film's world: what has its place there hangs below it. */
  readonly film = new Group();
  /** Carries the headset's tracking space. */
  readonly rig = new Group();
  readonly surround = new Surround();
  readonly flat: FlatCamera;
  readonly fps = { value: 0 };
  /** How often the loop came round, and how often it drew. */
  readonly turns = { all: 0, drawn: 0 };
  mode: Mode = 'take';
  insets: Insets = { left: 0, right: 0, top: 0, bottom: 0 };
  screen: Screen | null = null;
  private readonly tickers = new Set<(seconds: number, frame: XRFrame | undefined) => void>();
  private last = 0;
  private drawnAt = -Infinity;
  private stale = true;
  private readonly drawnFrom = new Matrix4();
  private readonly drawnThrough = new Matrix4();
  private readonly scratch = new Vector3();
  private readonly place = new Vector3();

  constructor(host: HTMLElement) {
    this.renderer = new WebGLRenderer({ antialias: true, powerPreference: 'high-performance' });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.renderer.xr.enabled = true;
    this.renderer.xr.setReferenceSpaceType('local-floor');
    this.renderer.domElement.className = 'viewport';
    host.append(this.renderer.domElement);
    this.flat = new FlatCamera(this.renderer.domElement);
    this.rig.add(this.flat.camera);
    this.scene.add(this.surround.mesh, this.anchor, this.film, this.rig);
    this.resize();
    window.addEventListener('resize', () => this.resize());
    this.renderer.setAnimationLoop((time, frame: XRFrame | undefined) => this.tick(time / 1000, frame));
  }

  get immersive(): boolean {
    return this.renderer.xr.isPresenting;
  }

  /** Called before each drawn frame; returns its cleanup. */
  onTick(ticker: (seconds: number, frame: XRFrame | undefined) => void): () => void {
    this.tickers.add(ticker);
    return () => this.tickers.delete(ticker);
  }

  /** Something that the loop does not know of looks different now: draw again. */
  invalidate(): void {
    this.stale = true;
  }

  resize(): void {
    this.invalidate();
    const { innerWidth, innerHeight } = window;
    if (!this.immersive) this.renderer.setSize(innerWidth, innerHeight);
  }

  setMode(mode: Mode): void {
    this.invalidate();
    this.mode = mode;
    this.flat.free = mode === 'stage';
    this.flat.reset();
    if (mode === 'stage') this.flat.moveTo(STAGE_EYE_M, STAGE_YAW_RAD);
  }

  /** The viewer's eye (between both, in a headset) in the anchor's space, metres. */
  eyeAtAnchor(): Vec3 {
    const { x, y, z } = this.anchor.worldToLocal(this.eye(this.scratch));
    return [x, y, z];
  }

  /** The viewer's head in the film's world: metres, quaternion xyzw. Before the first picture of a session: unknown. */
  headInFilm(): Pose['head'] | null {
    const camera = this.eyes()[0];
    if (!camera || !this.screen?.shown) return null;
    const position = this.eye(new Vector3());
    const rotation = new Quaternion().setFromRotationMatrix(camera.matrixWorld);
    position.sub(this.film.position).applyQuaternion(this.film.quaternion.clone().invert());
    rotation.premultiply(this.film.quaternion.clone().invert());
    return [...position.toArray(), ...rotation.toArray()] as Pose['head'];
  }

  /** Where the picture is in the window (px), while the flat view sees it straight on. */
  pictureBox(): Box | null {
    const centred = this.flat.eye.length() < STRAIGHT_M && !this.flat.free && !this.immersive;
    return centred && this.screen?.shown ? this.flat.box : null;
  }

  private eyes(): readonly Camera[] {
    return this.immersive ? this.renderer.xr.getCamera().cameras : [this.flat.camera];
  }

  private eye(into: Vector3): Vector3 {
    const cameras = this.eyes();
    into.set(0, 0, 0);
    // Not getWorldPosition(): it would recompute a headset camera's matrix without the rig it stands on.
    for (const camera of cameras) into.addScaledVector(this.place.setFromMatrixPosition(camera.matrixWorld), 1 / cameras.length);
    return into;
  }

  private tick(now: number, frame: XRFrame | undefined): void {
    const seconds = Math.min(Math.max(now - this.last, 0), 0.25);
    if (seconds > 0) this.fps.value += (1 / seconds - this.fps.value) * Math.min(1, seconds * 2);
    this.last = now;
    this.turns.all++;
    if (this.screen?.update(now, this.immersive)) this.invalidate();
    this.placeTake();
    for (const ticker of this.tickers) ticker(seconds, frame);
    if (!this.immersive) this.aim(seconds);
    if (this.surround.update(seconds)) this.invalidate();
    if (this.looksElsewhere()) this.invalidate();
    if (!this.immersive && !this.stale && now - this.drawnAt < REST_S) return;
    this.stale = false;
    this.drawnAt = now;
    this.turns.drawn++;
    this.renderer.render(this.scene, this.flat.camera);
  }

  /** Has the flat view's camera another place or lens than the last drawn frame's? */
  private looksElsewhere(): boolean {
    const { camera } = this.flat;
    camera.updateWorldMatrix(true, false);
    if (camera.matrixWorld.equals(this.drawnFrom) && camera.projectionMatrix.equals(this.drawnThrough)) return false;
    this.drawnFrom.copy(camera.matrixWorld);
    this.drawnThrough.copy(camera.projectionMatrix);
    return true;
  }

  /** Take mode: the scene rides with the viewer. Stage mode: the film's world stands still and the take sits at its camera. */
  private placeTake(): void {
    const view = this.screen?.view;
    const shown = this.screen?.shown;
    if (!view || !shown) return;
    const { position, rotation } = poseAt(shown.clip.manifest, shown.frame);
    const stage = this.mode === 'stage';
    const yaw = yawOf(rotation);
    const [x, y, z] = stage ? position : [0, 0, 0];
    this.anchor.position.set(x, y, z);
    this.anchor.rotation.set(0, stage ? yaw : 0, 0);
    this.film.quaternion.setFromAxisAngle(UP, stage ? 0 : -yaw);
    this.film.position.set(...position).multiplyScalar(stage ? 0 : -1).applyQuaternion(this.film.quaternion);
    const height = position[1];
    const scale = stage || height > GRID_LIMIT_M || shown.clip.manifest.depth.scale === 'relative' ? 0 : 1;
    const [sin, cos] = [Math.sin(yaw), Math.cos(yaw)];
    const shift = [-(position[0] * cos - position[2] * sin), -(position[0] * sin + position[2] * cos)] as const;
    this.surround.setFloor(stage ? 0 : -height, shift, scale);
    const [halfX, halfY] = view.halfAngles();
    this.surround.setFrame(halfX, halfY, pitchOf(rotation), stage ? yaw : 0, yaw - yawOf(poseAt(shown.clip.manifest, 0).rotation));
    view.setScreenDistance(stage ? STAGE_SCREEN_M : null);
    view.setFeather(this.immersive ? FEATHER : 0);
    view.setEye(this.eyeAtAnchor(), stage ? 1 : 0);
    this.anchor.updateMatrixWorld();
  }

  private aim(seconds: number): void {
    const view = this.screen?.view;
    const size = this.renderer.getSize(new Vector2());
    const half = view ? view.tangents() : { x: 0.64, y: 0.36 };
    const stage = this.mode === 'stage';
    if (stage) this.flat.fit(0.75, 0.42, size.x, size.y, this.insets);
    else this.flat.fit(half.x, half.y, size.x, size.y, this.insets);
    this.flat.around = Boolean(view?.sphere);
    this.rig.position.copy(this.anchor.position);
    this.rig.quaternion.copy(this.anchor.quaternion);
    this.flat.update(seconds, view?.pivot() ?? 4, view?.camera.quaternion ?? new Quaternion());
  }
}
