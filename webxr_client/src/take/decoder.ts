/** The atlas on the GPU, and the passes that turn its depth tiles into numbers once per video frame. */
import {
  Camera,
  FloatType,
  GLSL3,
  HalfFloatType,
  LinearFilter,
  Mesh,
  NearestFilter,
  NoBlending,
  NoColorSpace,
  Scene,
  ShaderMaterial,
  Texture,
  Vector2,
  Vector4,
  WebGLRenderTarget,
  type IUniform,
  type WebGLRenderer,
} from 'three';
import { layerRects, type Rect } from '../core/manifest';
import { sphereOf } from '../core/sphere';
import type { Manifest } from '../protocol/messages';
import { coverGeometry } from './geometry';
import { CORNER_FRAGMENT, CORNER_VERTEX } from './layer-shaders';
import { DECODE_FRAGMENT, DECODE_VERTEX, MAX_PATCHES } from './shaders';

export type Picture = VideoFrame | HTMLVideoElement;

export class AtlasDecoder {
  readonly atlas: Texture;
  /** (u of L1, u of L2, 0, 1) per sample, row 0 = top. */
  readonly target: WebGLRenderTarget;
  /** What the corners of the grid know: see CORNER_FRAGMENT. */
  readonly corners: WebGLRenderTarget;
  /** 1/m: a smaller step in inverse depth is no edge. */
  readonly cut: IUniform<number> = { value: 1 };
  /** 1/m: what a surface that is seen at all changes by from sample to sample, at most. */
  readonly slope: IUniform<number> = { value: 1 };
  private readonly scene = new Scene();
  private readonly camera = new Camera();
  private readonly cover: Mesh;
  private readonly decoding: ShaderMaterial;
  private readonly cornering: ShaderMaterial;

  /** `width` x `height`: samples of depth that are kept, at most the depth tile's own; `grid`: columns and rows of cells. */
  constructor(
    private readonly renderer: WebGLRenderer,
    manifest: Manifest,
    readonly width: number,
    readonly height: number,
    grid: Vector2,
  ) {
    this.atlas = new Texture();
    Object.assign(this.atlas, {
      colorSpace: NoColorSpace,
      flipY: false,
      generateMipmaps: false,
      minFilter: LinearFilter,
      magFilter: LinearFilter,
    });
    const exact = renderer.getContext().getExtension('EXT_color_buffer_float') !== null;
    this.target = numbers(width, height, exact);
    this.corners = numbers(grid.x + 1, grid.y + 1, exact);
    const defines = definesOf(manifest);
    this.decoding = pass(DECODE_VERTEX, DECODE_FRAGMENT, defines, decodeUniforms(this.atlas, manifest, width, height));
    this.cornering = pass(CORNER_VERTEX, CORNER_FRAGMENT, defines, {
      uDecoded: { value: this.target.texture },
      uInverse: { value: inverseRange(manifest) },
      uGrid: { value: grid },
      uCut: this.cut,
      uSlope: this.slope,
    });
    this.cover = new Mesh(coverGeometry(), this.decoding);
    this.cover.frustumCulled = false;
    this.scene.add(this.cover);
  }

  /** Upload the picture and decode it. The picture may be closed afterwards. */
  decode(picture: Picture): void {
    this.atlas.image = picture;
    this.atlas.needsUpdate = true;
    const { renderer } = this;
    const [target, immersive] = [renderer.getRenderTarget(), renderer.xr.enabled];
    renderer.xr.enabled = false;
    for (const [material, into] of [[this.decoding, this.target], [this.cornering, this.corners]] as const) {
      this.cover.material = material;
      renderer.setRenderTarget(into);
      renderer.render(this.scene, this.camera);
    }
    renderer.setRenderTarget(target);
    renderer.xr.enabled = immersive;
  }

  /** The numbers of `target`. Waits for the GPU: for a click, not for a frame. */
  readBack(): Float32Array | null {
    if (this.target.texture.type !== FloatType) return null;
    const values = new Float32Array(this.width * this.height * 4);
    this.renderer.readRenderTargetPixels(this.target, 0, 0, this.width, this.height, values);
    return values;
  }

  dispose(): void {
    this.atlas.dispose();
    this.target.dispose();
    this.corners.dispose();
    this.decoding.dispose();
    this.cornering.dispose();
    this.cover.geometry.dispose();
  }
}

function numbers(width: number, height: number, exact: boolean): WebGLRenderTarget {
  return new WebGLRenderTarget(width, height, {
    type: exact ? FloatType : HalfFloatType,
    minFilter: NearestFilter,
    magFilter: NearestFilter,
    depthBuffer: false,
    generateMipmaps: false,
  });
}

/** What the shaders are told about the picture's shape. */
export function definesOf(manifest: Manifest): Record<string, string> {
  const sphere = sphereOf(manifest);
  return { ...(sphere && { SPHERE: '' }), ...(sphere?.allRound && { ALL_ROUND: '' }) };
}

function pass(
  vertexShader: string,
  fragmentShader: string,
  defines: Record<string, string>,
  uniforms: ShaderMaterial['uniforms'],
): ShaderMaterial {
  return new ShaderMaterial({ glslVersion: GLSL3, vertexShader, fragmentShader, defines, uniforms, depthTest: false, depthWrite: false, blending: NoBlending });
}

/** Inverse depth of u = 0, and what u = 1 adds to it, 1/m. */
export function inverseRange({ depth: { near, far } }: Manifest): Vector2 {
  return new Vector2(1 / far, 1 / near - 1 / far);
}

function decodeUniforms(atlas: Texture, manifest: Manifest, width: number, height: number): ShaderMaterial['uniforms'] {
  const near = layerRects(manifest, 'foreground');
  const far = layerRects(manifest, 'background');
  return {
    uAtlas: { value: atlas },
    uPatches: { value: patchUniforms(manifest) },
    uSize: { value: new Vector2(width, height) },
    uNearDepth: { value: rect(near.depth) },
    uNearFine: { value: rect(near.fine) },
    uFarDepth: { value: rect(far.depth) },
    uFolds: { value: near.fine ? manifest.depth.fineFolds : 0 },
  };
}

function rect(r: Rect | null): Vector4 {
  return r ? new Vector4(...r) : new Vector4(0, 0, 0, 0);
}

/** Centre and written luma of each grey patch; `w` is 1 for those in use, 0 for the rest of the array. */
export function patchUniforms(manifest: Manifest): Vector4[] {
  const { rects, luma } = manifest.atlas.calibration;
  return Array.from({ length: MAX_PATCHES }, (_, i) => {
    const [patch, value] = [rects[i], luma[i]];
    if (!patch || value === undefined) return new Vector4(0, 0, 0, 0);
    return new Vector4(Math.floor(patch[0] + patch[2] / 2), Math.floor(patch[1] + patch[3] / 2), value, 1);
  });
}
