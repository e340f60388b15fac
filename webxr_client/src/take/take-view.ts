/** The layered clip as a thing in the scene: two displaced sheets, the nearer one cut at its depth edges. */
import {
  DoubleSide,
  GLSL3,
  Group,
  Mesh,
  ShaderMaterial,
  Vector2,
  Vector4,
  type BufferGeometry,
  type IUniform,
  type WebGLRenderer,
} from 'three';
import { flatness, levelled, outside, toWorld, type Vec3 } from '../core/pose';
import { inverseDepth } from '../core/depth';
import { layerRects, poseAt, screenDistance } from '../core/manifest';
import { directionAt, FLAT_TANGENTS, sphereColumns, sphereOf, type SphereWindow } from '../core/sphere';
import type { Manifest } from '../protocol/messages';
import { AtlasDecoder, definesOf, inverseRange, type Picture } from './decoder';
import { cellGeometry, gridGeometry } from './geometry';
import type { SurroundUniforms } from './surround';
import { FAR_FRAGMENT, FAR_VERTEX, NEAR_FRAGMENT, NEAR_VERTEX } from './layer-shaders';

export interface TakeQuality {
  /** Columns of the grid; rows follow the picture's shape. */
  readonly columns: number;
  /** Edges at the depth tile's own size; else two samples a cell, for slow machines. */
  readonly fine: boolean;
}

/** Parallax at the edge of the head box, in samples of depth, from which a step in depth is an edge. */
const EDGE_SAMPLES = 1;
/** The same of a sphere: its samples are several pixels wide on any screen, and so is what is stretched over one. */
const SPHERE_EDGE_SAMPLES = 0.3;
/** L2 is smooth where it can be seen: its sheet is coarser. (Not a sphere's, whose samples are few and wide.) */
const FAR_GRID = 3 / 8;

export class TakeView {
  /** Origin: the shot camera, heading -Z; level. The caller puts it where the viewer stands. */
  readonly group = new Group();
  /** The camera's pitch and roll. */
  readonly camera = new Group();
  readonly frame = { index: -1 };
  /** What of the sphere it shows; null: it is a picture in a frame. */
  readonly sphere: SphereWindow | null;
  private readonly decoder: AtlasDecoder;
  private readonly shapes: { far: BufferGeometry; near: BufferGeometry };
  private readonly materials: ShaderMaterial[] = [];
  private readonly shared: Record<string, IUniform>;
  private readonly tan = new Vector2(FLAT_TANGENTS.x, FLAT_TANGENTS.y);
  private readonly cells: Vector2;

  constructor(
    renderer: WebGLRenderer,
    readonly manifest: Manifest,
    quality: TakeQuality,
    surround: SurroundUniforms,
  ) {
    this.sphere = sphereOf(manifest);
    const { depth } = layerRects(manifest, 'foreground');
    const [, , width, height] = depth;
    const columns = this.sphere ? sphereColumns(width, height, quality.columns) : Math.min(quality.columns, width);
    this.cells = new Vector2(columns, rowsOf(columns, width, height));
    const samples = quality.fine ? width : Math.min(width, 2 * columns);
    this.decoder = new AtlasDecoder(renderer, manifest, samples, rowsOf(samples, width, height), this.cells);
    this.shared = this.makeUniforms(surround);
    const coarse = this.sphere ? columns : Math.max(8, Math.round(columns * FAR_GRID));
    this.shapes = { far: gridGeometry(coarse, rowsOf(coarse, width, height)), near: cellGeometry(columns, this.cells.y) };
    this.build();
    this.group.add(this.camera);
    this.group.visible = false;
    this.pose(0);
  }

  /** Show `picture` as frame `frame`. The picture may be closed afterwards. */
  present(picture: Picture, frame: number): void {
    this.pose(frame);
    this.decoder.decode(picture);
    this.group.visible = true;
  }

  private pose(frame: number): void {
    this.frame.index = frame;
    const { rotation, yfov } = poseAt(this.manifest, frame);
    this.camera.quaternion.set(...levelled(rotation));
    const { projection } = this.manifest;
    if (projection.type === 'perspective') {
      const half = Math.tan(yfov / 2);
      this.tan.set(half * projection.aspectRatio, half);
    }
    const across = this.sphere?.width ?? 2 * this.tan.x;
    this.decoder.slope.value = across / this.decoder.width / this.boxReach();
    this.decoder.cut.value = (this.sphere ? SPHERE_EDGE_SAMPLES : EDGE_SAMPLES) * this.decoder.slope.value;
  }

  /** Half the width of the head box, metres. */
  private boxReach(): number {
    return Math.max(this.manifest.headBox.max[0], 0.05);
  }

  /** Fade to flat by where the eye is (in the group's space); `least` keeps it flat for other reasons. */
  setEye(eye: Vec3, least = 0): void {
    const { min, max } = this.manifest.headBox;
    this.setShared('uFlat', Math.max(least, flatness(outside(eye, min, max))));
  }

  /** Tangents of half the field of view; of a sphere, of the flat window into it. */
  tangents(): Vector2 {
    return this.tan;
  }

  /** Half of what it shows, radians, across and up. */
  halfAngles(): readonly [number, number] {
    return this.sphere ? [this.sphere.width / 2, this.sphere.height / 2] : [Math.atan(this.tan.x), Math.atan(this.tan.y)];
  }

  /** How far ahead the subject probably is, metres: what a moving eye keeps looking at. */
  pivot(): number {
    return screenDistance(this.manifest);
  }

  get flat(): number {
    return this.shared['uFlat']?.value as number;
  }

  setScreenDistance(metres: number | null): void {
    this.setShared('uScreen', 1 / (metres ?? screenDistance(this.manifest)));
  }

  /** `share` of the picture's height over which its border melts into the surround; what is all round has none. */
  setFeather(share: number): void {
    this.setShared('uFeather', this.sphere?.allRound ? 0 : share);
  }

  private setShared(name: string, value: number): void {
    const uniform = this.shared[name];
    if (uniform) uniform.value = value;
  }

  /**
   * The place in the film's world (metres) of the sample nearest to a ray through the scene, or null.
   * `origin` and `direction` are in the space of `camera`.
   */
  pick(origin: Vec3, direction: Vec3): [number, number, number] | null {
    const values = this.decoder.readBack();
    if (!values) return null;
    const { width, height } = this.decoder;
    let best: Vec3 | null = null;
    let bestScore = 0.02;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const z = 1 / inverseDepth(values[(y * width + x) * 4] ?? 0, this.manifest.depth);
        const ray = this.rayAt((x + 0.5) / width, (y + 0.5) / height);
        const p: Vec3 = [ray[0] * z, ray[1] * z, ray[2] * z];
        const to: Vec3 = [p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]];
        const along = to[0] * direction[0] + to[1] * direction[1] + to[2] * direction[2];
        if (along <= 0) continue;
        const off = Math.sqrt(Math.max(0, to[0] ** 2 + to[1] ** 2 + to[2] ** 2 - along ** 2)) / along;
        if (off < bestScore) {
          bestScore = off;
          best = p;
        }
      }
    }
    const far = best && (this.sphere ? Math.hypot(...best) : -best[2]);
    if (!best || !far || far > this.manifest.depth.far * 1.5) return null;
    const { position, rotation } = poseAt(this.manifest, this.frame.index);
    return toWorld(position, rotation, best);
  }

  /** Where a sample of depth 1 stands, in the space of `camera`. */
  private rayAt(u: number, v: number): Vec3 {
    return this.sphere ? directionAt(u, v, this.sphere) : [(2 * u - 1) * this.tan.x, (1 - 2 * v) * this.tan.y, -1];
  }

  dispose(): void {
    this.group.removeFromParent();
    this.decoder.dispose();
    this.shapes.far.dispose();
    this.shapes.near.dispose();
    for (const material of this.materials) material.dispose();
  }

  private makeUniforms(surround: SurroundUniforms): Record<string, IUniform> {
    return {
      uAtlas: { value: this.decoder.atlas },
      uDecoded: { value: this.decoder.target.texture },
      uCorners: { value: this.decoder.corners.texture },
      uTan: { value: this.tan },
      uWindow: { value: new Vector4(this.sphere?.left, this.sphere?.top, this.sphere?.width, this.sphere?.height) },
      uAspect: { value: this.manifest.sourceWidth / this.manifest.sourceHeight },
      uInverse: { value: inverseRange(this.manifest) },
      uFlat: { value: 0 },
      uScreen: { value: 1 / screenDistance(this.manifest) },
      uGrid: { value: this.cells },
      uCut: this.decoder.cut,
      uSlope: this.decoder.slope,
      uFeather: { value: 0 },
      uDim: { value: 1 },
      ...surround,
    };
  }

  private build(): void {
    const near = layerRects(this.manifest, 'foreground').color;
    const far = layerRects(this.manifest, 'background').color;
    this.add(new Mesh(this.shapes.far, this.material(FAR_VERTEX, FAR_FRAGMENT, far)), 0);
    this.add(new Mesh(this.shapes.near, this.material(NEAR_VERTEX, NEAR_FRAGMENT, near)), 1);
  }

  private material(
    vertexShader: string,
    fragmentShader: string,
    color: readonly [number, number, number, number],
  ): ShaderMaterial {
    const material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader,
      fragmentShader,
      defines: definesOf(this.manifest),
      uniforms: { ...this.shared, uColor: { value: new Vector4(...color) } },
      side: DoubleSide,
      toneMapped: false,
    });
    this.materials.push(material);
    return material;
  }

  private add(object: Mesh, order: number): void {
    object.frustumCulled = false;
    object.renderOrder = order;
    this.camera.add(object);
  }
}

function rowsOf(columns: number, width: number, height: number): number {
  return Math.max(1, Math.round((columns * height) / width));
}
