/** GLSL of the decoding pass. `core/depth.ts` is the tested twin of the functions in DEPTH. */
import { NOISE_U } from '../core/depth';

export const MAX_PATCHES = 16;

const DEPTH = /* glsl */ `
float lumaOf(vec3 rgb) { return dot(rgb, vec3(0.2126, 0.7152, 0.0722)); }

float foldWave(float x) {
  float r = x - 2.0 * floor(x / 2.0);
  return r <= 1.0 ? r : 2.0 - r;
}

// Of the branches that fold to the fine value, the one nearest the coarse value.
float refine(float coarse, float fine, float folds) {
  float pair = 2.0 * floor(coarse * folds / 2.0);
  vec4 branches = vec4(pair - fine, pair + fine, pair + 2.0 - fine, pair + 2.0 + fine) / folds;
  float best = coarse;
  float distance_ = 1e9;
  for (int i = 0; i < 4; i++) {
    float u = branches[i];
    bool within = u >= 0.0 && u <= 1.0;
    if (within && abs(u - coarse) < distance_) {
      distance_ = abs(u - coarse);
      best = u;
    }
  }
  return best;
}

void order(inout float a, inout float b) {
  float low = min(a, b);
  b = max(a, b);
  a = low;
}

// Median of nine by partial sorting (J. L. Smith, "Implementing median filters in XC4000E FPGAs", 1996).
float median9(float v[9]) {
  order(v[1], v[2]); order(v[4], v[5]); order(v[7], v[8]);
  order(v[0], v[1]); order(v[3], v[4]); order(v[6], v[7]);
  order(v[1], v[2]); order(v[4], v[5]); order(v[7], v[8]);
  order(v[0], v[3]); order(v[5], v[8]); order(v[4], v[7]);
  order(v[3], v[6]); order(v[1], v[4]); order(v[2], v[5]);
  order(v[4], v[7]); order(v[4], v[2]); order(v[6], v[4]);
  order(v[4], v[2]);
  return v[4];
}
`;

/** One triangle over the whole target; each of its vertices fits the calibration line from the grey patches. */
export const DECODE_VERTEX = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uAtlas;
uniform vec4 uPatches[${MAX_PATCHES}]; // centre x, y in texels; written luma; 1 = in use
flat out vec2 vLine;                   // gain, offset: code = gain * luma + offset

float lumaAt(ivec2 p) { return dot(texelFetch(uAtlas, p, 0).rgb, vec3(0.2126, 0.7152, 0.0722)); }

void main() {
  float n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;
  for (int i = 0; i < ${MAX_PATCHES}; i++) {
    vec4 patch_ = uPatches[i];
    if (patch_.w < 0.5) continue;
    ivec2 p = ivec2(patch_.xy);
    float x = 0.25 * (lumaAt(p) + lumaAt(p - ivec2(1, 0)) + lumaAt(p - ivec2(0, 1)) + lumaAt(p - ivec2(1, 1)));
    n += 1.0; sx += x; sy += patch_.z; sxx += x * x; sxy += x * patch_.z;
  }
  float spread = n * sxx - sx * sx;
  vLine = vec2(219.0, 16.0);
  if (spread > 1e-3) {
    float gain = (n * sxy - sx * sy) / spread;
    vLine = vec2(gain, (sy - gain * sx) / n);
  }
  gl_Position = vec4(position.xy, 0.0, 1.0);
}
`;

/** Writes (u of L1, u of L2, 0, 1); row 0 is the top of the picture. */
export const DECODE_FRAGMENT = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uAtlas;
uniform ivec2 uSize;       // of the target
uniform ivec4 uNearDepth;  // rects in texels: D1, F1, D2
uniform ivec4 uNearFine;
uniform ivec4 uFarDepth;
uniform float uFolds;      // 0: no fine tile
flat in vec2 vLine;
out vec4 outDecoded;
${DEPTH}
float unitAt(ivec4 rect, ivec2 p) {
#ifdef ALL_ROUND
  p.x = (p.x + rect.z) % rect.z;
#endif
  vec3 rgb = texelFetch(uAtlas, rect.xy + clamp(p, ivec2(0), rect.zw - 1), 0).rgb;
  return clamp((vLine.x * lumaOf(rgb) + vLine.y - 16.0) / 219.0, 0.0, 1.0);
}

float nearAt(ivec2 p) {
  float coarse = unitAt(uNearDepth, p);
  return uFolds < 0.5 ? coarse : refine(coarse, unitAt(uNearFine, p), uFolds);
}

// Coding noise evened out by the median around; thin things stay.
float settled(float v[9]) {
  float middle = median9(v);
  return abs(v[4] - middle) < ${NOISE_U} ? middle : v[4];
}

void main() {
  vec2 at = gl_FragCoord.xy / vec2(uSize);
  ivec2 near = ivec2(at * vec2(uNearDepth.zw));
  ivec2 far = ivec2(at * vec2(uFarDepth.zw));
  float a[9];
  float b[9];
  for (int i = 0; i < 9; i++) {
    ivec2 step_ = ivec2(i % 3 - 1, i / 3 - 1);
    a[i] = nearAt(near + step_);
    b[i] = unitAt(uFarDepth, far + step_);
  }
  outDecoded = vec4(settled(a), settled(b), 0.0, 1.0);
}
`;
