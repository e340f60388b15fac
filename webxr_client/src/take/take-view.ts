/** The layered clip as a thing in the scene: two displaced sheets and the pixels of their edges. */
import {
  DoubleSide,
  GLSL3,
  Group,
  Mesh,
  Points,
  ShaderMaterial,
  Vector2,
  Vector3,
  Vector4,
  type BufferGeometry,
  type IUniform,
  type PerspectiveCamera,
  type WebGLRenderer,
} from 'three';
import { flatness, levelled, outside, toWorld, type Vec3 } from '../core/pose';
import { inverseDepth } from '../core/depth';
import { layerRects, poseAt, screenDistance } from '../core/manifest';
import type { Manifest } from '../protocol/messages';
import { AtlasDecoder, type Picture } from './decoder';
import { gridGeometry, pixelGeometry } from './geometry';
import { FAR_VERTEX, LAYER_FRAGMENT, NEAR_VERTEX, SPLAT_FRAGMENT, SPLAT_VERTEX } from './shaders';

export interface TakeQuality {
  /** Columns of the grid; rows follow the picture's shape. */
  readonly columns: number;
  readonly splats: boolean;
}

/** The surround's colours, linear; shared with the dome. */
export interface SurroundUniforms {
  readonly uTop: IUniform<Vector3>;
  readonly uMiddle: IUniform<Vector3>;
  readonly uBottom: IUniform<Vector3>;
}

/** Parallax at the edge of the head box, in cells, from which a cell counts as a depth edge. */
const EDGE_CELLS = 1;

export class TakeView {
  /** Origin: the shot camera, heading -Z; level. The caller puts it where the viewer stands. */
  readonly group = new Group();
  /** The camera's pitch and roll. */
  readonly camera = new Group();
  readonly frame = { index: -1 };
  private readonly decoder: AtlasDecoder;
  private readonly grid: BufferGeometry;
  private readonly pixels: BufferGeometry | null;
  private readonly materials: ShaderMaterial[] = [];
  private readonly shared: Record<string, IUniform>;
  private readonly tan = new Vector2(1, 1);
  private readonly columns: number;
  private readonly rows: number;

  constructor(
    renderer: WebGLRenderer,
    readonly manifest: Manifest,
    quality: TakeQuality,
    surround: SurroundUniforms,
  ) {
    const { depth } = layerRects(manifest, 'foreground');
    const [, , width, height] = depth;
    this.columns = Math.min(quality.columns, width);
    this.rows = Math.max(1, Math.round((this.columns * height) / width));
    this.decoder = quality.splats
      ? new AtlasDecoder(renderer, manifest, width, height)
      : new AtlasDecoder(renderer, manifest, this.columns + 1, this.rows + 1);
    this.shared = this.makeUniforms(surround, quality.splats);
    this.grid = gridGeometry(this.columns, this.rows);
    this.pixels = quality.splats ? pixelGeometry(width, height) : null;
    this.build(width, height);
    this.group.add(this.camera);
    this.group.visible = false;
    this.pose(0);
  }

  /** Show `picture` as frame `frame`. The picture may be closed afterwards. */
  present(picture: Picture, frame: number): void {
    this.decoder.decode(picture);
    this.pose(frame);
    this.group.visible = true;
  }

  private pose(frame: number): void {
    this.frame.index = frame;
    const { rotation, yfov } = poseAt(this.manifest, frame);
    this.camera.quaternion.set(...levelled(rotation));
    const half = Math.tan(yfov / 2);
    this.tangents().set(half * this.manifest.projection.aspectRatio, half);
    const cell = (2 * half * this.manifest.projection.aspectRatio) / this.columns;
    // With splats isEdge() looks one sample beyond the cell on both sides.
    const margin = this.pixels ? (4 * half * this.manifest.projection.aspectRatio) / this.decoder.width : 0;
    this.setShared('uCut', (EDGE_CELLS * (cell + margin)) / this.boxReach());
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

  /** Tangents of half the field of view. */
  tangents(): Vector2 {
    return this.tan;
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

  setFeather(share: number): void {
    this.setShared('uFeather', share);
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
    const { tan } = this;
    let best: Vec3 | null = null;
    let bestScore = 0.02;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const z = 1 / inverseDepth(values[(y * width + x) * 4] ?? 0, this.manifest.depth);
        const p: Vec3 = [((2 * (x + 0.5)) / width - 1) * tan.x * z, (1 - (2 * (y + 0.5)) / height) * tan.y * z, -z];
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
    if (!best || -best[2] > this.manifest.depth.far * 1.5) return null;
    const { position, rotation } = poseAt(this.manifest, this.frame.index);
    return toWorld(position, rotation, best);
  }

  dispose(): void {
    this.group.removeFromParent();
    this.decoder.dispose();
    this.grid.dispose();
    this.pixels?.dispose();
    for (const material of this.materials) material.dispose();
  }

  private makeUniforms(surround: SurroundUniforms, splats: boolean): Record<string, IUniform> {
    const { near, far } = this.manifest.depth;
    return {
      uAtlas: { value: this.decoder.atlas },
      uDecoded: { value: this.decoder.target.texture },
      uTan: { value: this.tan },
      uInverse: { value: new Vector2(1 / far, 1 / near - 1 / far) },
      uFlat: { value: 0 },
      uScreen: { value: 1 / screenDistance(this.manifest) },
      uGrid: { value: new Vector2(this.columns, this.rows) },
      uCut: { value: 1 },
      uMargin: { value: splats ? 1 : 0 },
      uFeather: { value: 0 },
      uDim: { value: 1 },
      uViewport: { value: 720 },
      ...surround,
    };
  }

  private build(width: number, height: number): void {
    const near = layerRects(this.manifest, 'foreground').color;
    const far = layerRects(this.manifest, 'background').color;
    const pixel = { uPixel: { value: new Vector2(1 / width, 1 / height) } };
    this.add(new Mesh(this.grid, this.material(FAR_VERTEX, LAYER_FRAGMENT, far)), 0);
    this.add(new Mesh(this.grid, this.material(NEAR_VERTEX, LAYER_FRAGMENT, near)), 1);
    if (!this.pixels) return;
    const splats = new Points(this.pixels, this.material(SPLAT_VERTEX, SPLAT_FRAGMENT, near, pixel));
    splats.onBeforeRender = (renderer, _scene, camera) => {
      const eye = (camera as PerspectiveCamera & { viewport?: Vector4 }).viewport;
      this.setShared('uViewport', eye?.w ?? renderer.getDrawingBufferSize(new Vector2()).y);
    };
    this.add(splats, 2);
  }

  private material(
    vertexShader: string,
    fragmentShader: string,
    color: readonly [number, number, number, number],
    extra: Record<string, IUniform> = {},
  ): ShaderMaterial {
    const material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader,
      fragmentShader,
      uniforms: { ...this.shared, uColor: { value: new Vector4(...color) }, ...extra },
      side: DoubleSide,
      toneMapped: false,
    });
    this.materials.push(material);
    return material;
  }

  private add(object: Mesh | Points, order: number): void {
    object.frustumCulled = false;
    object.renderOrder = order;
    this.camera.add(object);
  }
}
