/** What is around the frame: the picture's own edges carried on, its horizon all the way round, and metre lines on the ground. */
import {
  BackSide,
  ClampToEdgeWrapping,
  DataTexture,
  GLSL3,
  HalfFloatType,
  DataUtils,
  LinearFilter,
  Mesh,
  NoColorSpace,
  RepeatWrapping,
  RGBAFormat,
  ShaderMaterial,
  SphereGeometry,
  TextureLoader,
  Vector2,
  type IUniform,
  type Texture,
} from 'three';
import { DOME_FRAGMENT, DOME_VERTEX } from './surround-shaders';

/** Shared by the dome and by the soft border of the layers. */
export interface SurroundUniforms {
  readonly uOverview: IUniform<Texture>;
  readonly uHalf: IUniform<Vector2>;
  readonly uPitch: IUniform<number>;
  readonly uHeading: IUniform<number>;
  readonly uAround: IUniform<Texture>;
  readonly uAroundShare: IUniform<number>;
  readonly uTurn: IUniform<number>;
}

/** Pixels on each side of the overview. */
export const OVERVIEW_PX = 16;
/** Linear; seen before the first picture. */
const NEUTRAL = [0.033, 0.04, 0.055] as const;
const DRIFT_S = 0.6;

export class Surround {
  readonly mesh: Mesh;
  readonly uniforms: SurroundUniforms;
  private readonly goal: Float32Array;
  private readonly now: Float32Array;
  private readonly texture: DataTexture;
  private readonly material: ShaderMaterial;
  private readonly nothing = new DataTexture(new Uint8Array(4), 1, 1);
  private readonly loader = new TextureLoader();
  private wanted: string | null = null;
  private loaded: Texture | null = null;

  constructor() {
    this.goal = Float32Array.from({ length: OVERVIEW_PX ** 2 * 4 }, (_, i) => (i % 4 === 3 ? 1 : (NEUTRAL[i % 4] ?? 0)));
    this.now = this.goal.slice();
    // Half floats are filtered everywhere, full ones are not.
    this.texture = new DataTexture(new Uint16Array(this.now.length), OVERVIEW_PX, OVERVIEW_PX, RGBAFormat, HalfFloatType);
    Object.assign(this.texture, { minFilter: LinearFilter, magFilter: LinearFilter, wrapS: ClampToEdgeWrapping, wrapT: ClampToEdgeWrapping });
    this.uniforms = {
      uOverview: { value: this.texture },
      uHalf: { value: new Vector2(0.6, 0.36) },
      uPitch: { value: 0 },
      uHeading: { value: 0 },
      uAround: { value: this.nothing },
      uAroundShare: { value: 0 },
      uTurn: { value: 0 },
    };
    this.material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: DOME_VERTEX,
      fragmentShader: DOME_FRAGMENT,
      uniforms: {
        ...this.uniforms,
        uFloor: { value: -1.6 },
        uShift: { value: new Vector2() },
        uLines: { value: 1 },
      },
      side: BackSide,
      depthWrite: false,
      depthTest: false,
      toneMapped: false,
    });
    this.mesh = new Mesh(new SphereGeometry(400, 32, 16), this.material);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = -10;
    this.upload();
  }

  /** The picture to drift to: OVERVIEW_PX squared sRGB pixels, 4 bytes each, top row first. */
  setOverview(rgba: ArrayLike<number>): void {
    const at = (x: number, y: number, c: number): number => linear(rgba[(clamp(y) * OVERVIEW_PX + clamp(x)) * 4 + c] ?? 0);
    for (let y = 0; y < OVERVIEW_PX; y++) {
      for (let x = 0; x < OVERVIEW_PX; x++) {
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let k = 0; k < 25; k++) sum += at(x + (k % 5) - 2, y + Math.floor(k / 5) - 2, c);
          this.goal[(y * OVERVIEW_PX + x) * 4 + c] = sum / 25;
        }
      }
    }
  }

  /** The clip's own surround, or null: the frame's edges do. What cannot be loaded is left out. */
  setPicture(url: string | null): void {
    if (url === this.wanted) return;
    this.wanted = url;
    this.uniforms.uAroundShare.value = 0;
    this.uniforms.uAround.value = this.nothing;
    if (url === null) return;
    this.loader.loadAsync(url).then(
      (texture) => {
        if (this.wanted !== url) return texture.dispose();
        Object.assign(texture, { colorSpace: NoColorSpace, flipY: false, generateMipmaps: false, minFilter: LinearFilter, wrapS: RepeatWrapping });
        this.loaded?.dispose();
        this.loaded = texture;
        this.uniforms.uAround.value = texture;
      },
      () => undefined,
    );
  }

  /** Whether the clip's own surround is what is shown. */
  get pictured(): boolean {
    return this.wanted !== null && this.uniforms.uAroundShare.value > 0.99;
  }

  /** How the frame stands in the scene: half its field of view, the camera's pitch, its heading, its turn from frame 0's; radians. */
  setFrame(halfX: number, halfY: number, pitch: number, heading: number, turn: number): void {
    this.uniforms.uTurn.value = turn;
    this.uniforms.uHalf.value.set(halfX, halfY);
    this.uniforms.uPitch.value = pitch;
    this.uniforms.uHeading.value = heading;
  }

  /** `floorY`: height of the ground in the scene; `shift`: where the film's metre grid begins; `lines`: 0..1. */
  setFloor(floorY: number, shift: readonly [number, number], lines: number): void {
    const { uFloor, uShift, uLines } = this.material.uniforms;
    if (uFloor) uFloor.value = floorY;
    if (uLines) uLines.value = lines;
    (uShift?.value as Vector2 | undefined)?.set(shift[0], shift[1]);
  }

  /** Drift towards the goal; a cut in the film must not flash the room. True: it looks different now. */
  update(seconds: number): boolean {
    const share = 1 - Math.exp(-seconds / DRIFT_S);
    let most = 0;
    for (const [i, goal] of this.goal.entries()) {
      const step = (goal - (this.now[i] ?? 0)) * share;
      this.now[i] = (this.now[i] ?? 0) + step;
      most = Math.max(most, Math.abs(step));
    }
    const drifts = most > 1e-4;
    if (drifts) this.upload();
    const { uAround, uAroundShare } = this.uniforms;
    const comes = this.wanted !== null && uAround.value === this.loaded && uAroundShare.value < 1;
    if (comes) uAroundShare.value = uAroundShare.value > 0.999 ? 1 : uAroundShare.value + (1 - uAroundShare.value) * share;
    return drifts || comes;
  }

  dispose(): void {
    this.mesh.removeFromParent();
    this.mesh.geometry.dispose();
    this.material.dispose();
    this.texture.dispose();
    this.nothing.dispose();
    this.loaded?.dispose();
    this.wanted = null;
  }

  private upload(): void {
    const halves = this.texture.image.data as unknown as Uint16Array;
    for (const [i, value] of this.now.entries()) halves[i] = DataUtils.toHalfFloat(value);
    this.texture.needsUpdate = true;
  }
}

function clamp(i: number): number {
  return Math.min(Math.max(i, 0), OVERVIEW_PX - 1);
}

function linear(byte: number): number {
  const v = byte / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}
