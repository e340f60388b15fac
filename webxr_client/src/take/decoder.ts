/** The atlas on the GPU, and the pass that turns its depth tiles into numbers once per video frame. */
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
  type WebGLRenderer,
} from 'three';
import { layerRects, type Rect } from '../core/manifest';
import type { Manifest } from '../protocol/messages';
import { coverGeometry } from './geometry';
import { DECODE_FRAGMENT, DECODE_VERTEX, MAX_PATCHES } from './shaders';

export type Picture = VideoFrame | HTMLVideoElement;

export class AtlasDecoder {
  readonly atlas: Texture;
  readonly target: WebGLRenderTarget;
  private readonly scene = new Scene();
  private readonly camera = new Camera();
  private readonly cover: Mesh;
  private readonly material: ShaderMaterial;

  /** `width` x `height`: samples of depth that are kept, at most the depth tile's own. */
  constructor(
    private readonly renderer: WebGLRenderer,
    manifest: Manifest,
    readonly width: number,
    readonly height: number,
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
    this.target = new WebGLRenderTarget(width, height, {
      type: exact ? FloatType : HalfFloatType,
      minFilter: NearestFilter,
      magFilter: NearestFilter,
      depthBuffer: false,
      generateMipmaps: false,
    });
    this.material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: DECODE_VERTEX,
      fragmentShader: DECODE_FRAGMENT,
      uniforms: decodeUniforms(this.atlas, manifest, width, height),
      depthTest: false,
      depthWrite: false,
      blending: NoBlending,
    });
    this.cover = new Mesh(coverGeometry(), this.material);
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
    renderer.setRenderTarget(this.target);
    renderer.render(this.scene, this.camera);
    renderer.setRenderTarget(target);
    renderer.xr.enabled = immersive;
  }

  /** (u of L1, u of L2, validity, 1) per sample, row 0 = top. Waits for the GPU: for a click, not for a frame. */
  readBack(): Float32Array | null {
    if (this.target.texture.type !== FloatType) return null;
    const values = new Float32Array(this.width * this.height * 4);
    this.renderer.readRenderTargetPixels(this.target, 0, 0, this.width, this.height, values);
    return values;
  }

  dispose(): void {
    this.atlas.dispose();
    this.target.dispose();
    this.material.dispose();
    this.cover.geometry.dispose();
  }
}

function decodeUniforms(atlas: Texture, manifest: Manifest, width: number, height: number): ShaderMaterial['uniforms'] {
  const near = layerRects(manifest, 'foreground');
  const far = layerRects(manifest, 'background');
  // The validity of L2 is listed with the background; older words of the format put it with the foreground.
  const valid = far.alpha ?? near.alpha;
  return {
    uAtlas: { value: atlas },
    uPatches: { value: patchUniforms(manifest) },
    uSize: { value: new Vector2(width, height) },
    uNearDepth: { value: rect(near.depth) },
    uNearFine: { value: rect(near.fine) },
    uFarDepth: { value: rect(far.depth) },
    uFarValid: { value: rect(valid) },
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
