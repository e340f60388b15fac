/**
 * GLSL of the two layers. A depth edge between two samples is kept as an edge: the corners of the grid know both of its
 * sides, a cell it crosses is drawn twice, once on each side's surface, and every fragment says by the depth at its own
 * place which of the two it belongs to. So silhouettes are as fine as the depth, however coarse the grid is.
 */
import { SURROUND } from './surround-shaders';

const INVERSE = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uDecoded;
uniform vec2 uInverse;    // 1/far, 1/near - 1/far

const float SKY_U = 1.0 / 219.0;
const float SKY_INVERSE = 1.0 / 500.0;

float inverseOf(float u) { return u < SKY_U ? SKY_INVERSE : u * uInverse.y + uInverse.x; }

vec4 decodedAt(ivec2 p) {
  ivec2 size = textureSize(uDecoded, 0);
#ifdef ALL_ROUND
  p.x = (p.x + size.x) % size.x;  // the seam is a column like any other
#endif
  return texelFetch(uDecoded, clamp(p, ivec2(0), size - 1), 0);
}

float nearAt(ivec2 p) { return inverseOf(decodedAt(p).r); }
`;

export const CORNER_VERTEX = /* glsl */ `
void main() { gl_Position = vec4(position.xy, 0.0, 1.0); }
`;

/**
 * Once per video frame, for every corner of the grid: inverse depth of the near side, of the far side, and the
 * threshold between them. Without an edge near the corner all three are the same.
 */
export const CORNER_FRAGMENT = /* glsl */ `
uniform vec2 uGrid;       // cells
uniform float uCut;       // 1/m: a smaller step is no edge
uniform float uSlope;     // 1/m: the most that a slope rises by from sample to sample
out vec4 outCorner;
${INVERSE}
void main() {
  vec2 perCell = vec2(textureSize(uDecoded, 0)) / uGrid;
  ivec2 here = ivec2(floor(gl_FragCoord.xy) * perCell + 0.5);  // the corner lies between the samples here - 1 and here
  // Every sample of the four cells at this corner, and one beyond: so all corners of a cell see an edge that crosses it.
  ivec2 reach = ivec2(ceil(perCell)) + 1;
  float high = 0.0;
  float low = 1e9;
  for (int y = -reach.y; y < reach.y; y++) {
    for (int x = -reach.x; x < reach.x; x++) {
      float v = nearAt(here + ivec2(x, y));
      high = max(high, v);
      low = min(low, v);
    }
  }
  float own = 0.25 * (nearAt(here) + nearAt(here - ivec2(1, 0)) + nearAt(here - ivec2(0, 1)) + nearAt(here - 1));
  outCorner = vec4(own, own, own, 1.0);
  if (high - low < uCut || low > 0.93 * high) return;
  float middle = 0.5 * (high + low);
  float steepest = 0.0;
  vec2 near = vec2(0.0);
  vec2 far = vec2(0.0);
  for (int y = -reach.y; y < reach.y; y++) {
    for (int x = -reach.x; x < reach.x; x++) {
      float v = nearAt(here + ivec2(x, y));
      if (x < reach.x - 1) steepest = max(steepest, abs(nearAt(here + ivec2(x + 1, y)) - v));
      if (y < reach.y - 1) steepest = max(steepest, abs(nearAt(here + ivec2(x, y + 1)) - v));
      vec2 to = vec2(x, y) + 0.5;
      float weight = exp(-2.0 * dot(to, to)) + 1e-6 / dot(to, to);
      if (v > middle) near += vec2(v, 1.0) * weight;
      else far += vec2(v, 1.0) * weight;
    }
  }
  // A slope takes its height in many steps, an edge in one or two (more where the codec has blurred it; but no slope that
  // is seen at all moves by more than its own length).
  float steps = float(2 * max(reach.x, reach.y) - 1);
  if (steepest < 0.35 * (high - low) && high - low < 1.2 * uSlope * steps) return;
  outCorner = vec4(near.x / near.y, far.x / far.y, middle, 1.0);
}
`;

const PLACE = /* glsl */ `
#ifdef SPHERE
uniform vec4 uWindow;     // left, top, width, height, radians
#else
uniform vec2 uTan;        // tangents of half the field of view, x and y
#endif
uniform float uFlat;      // 0 = full parallax, 1 = a flat screen
uniform float uScreen;    // 1 / distance of that screen
out vec2 vUv;
out vec3 vDirection;

// Where a sample of depth 1 stands. (\`core/sphere.ts\` is the tested twin of the sphere's.)
vec3 rayAt(vec2 at) {
#ifdef SPHERE
  float lon = uWindow.x + at.x * uWindow.z;
  float lat = uWindow.y - at.y * uWindow.w;
  return vec3(sin(lon) * cos(lat), sin(lat), -cos(lon) * cos(lat));
#else
  return vec3((2.0 * at.x - 1.0) * uTan.x, (1.0 - 2.0 * at.y) * uTan.y, -1.0);
#endif
}

void put(vec2 at, float inverse, float scale) {
  vUv = at;
  vec3 p = rayAt(at) * scale / mix(inverse, uScreen, uFlat);
  vDirection = (modelMatrix * vec4(p, 0.0)).xyz;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(p, 1.0);
}
`;

/** L2: one continuous sheet, a little further away than it says so that L1 wins where both are the same. */
export const FAR_VERTEX = /* glsl */ `
${INVERSE}
${PLACE}
float farAt(ivec2 p) {
  vec4 decoded = decodedAt(p);
  if (decoded.g < SKY_U) return 0.9 * SKY_INVERSE;
  float inverse = inverseOf(decoded.g);
  // A copy of L1 steps back further than a real sample: it is only there to be hidden. (KEEP_RATIO of the baker.)
  float back = inverse < 0.95 * inverseOf(decoded.r) ? 0.6 : 1.2;
  return max(inverse * 0.99 - back / 219.0 * uInverse.y, min(uInverse.x, inverse) * 0.9);
}

void main() {
  ivec2 here = ivec2(position.xy * vec2(textureSize(uDecoded, 0)) + 0.5);
  float inverse = 0.25 * (farAt(here) + farAt(here - ivec2(1, 0)) + farAt(here - ivec2(0, 1)) + farAt(here - 1));
  put(position.xy, inverse, 1.0 + 0.01 * uFlat);  // as a flat screen it stands one per cent behind L1's
}
`;

/** L1: see cellGeometry() for what `position` holds. */
export const NEAR_VERTEX = /* glsl */ `
uniform vec2 uGrid;       // cells
uniform float uSlope;
uniform sampler2D uCorners;
flat out float vSide;     // 0: a cell without an edge; 1: the near side's surface, -1: the far side's
out float vThreshold;
${INVERSE}
${PLACE}
void main() {
  ivec2 cell = ivec2(position.xy);
  int part = int(position.z);
  ivec2 step_ = ivec2(part & 1, (part >> 1) & 1);
  bool crossed = true;
  vec2 most = vec2(0.0);
  vec2 least = vec2(1e9);
  for (int i = 0; i < 4; i++) {
    vec4 other = texelFetch(uCorners, cell + ivec2(i & 1, i >> 1), 0);
    crossed = crossed && other.x > other.y;
    most = max(most, other.xy);
    least = min(least, other.xy);
  }
  vSide = crossed ? (part < 4 ? 1.0 : -1.0) : 0.0;
  // More than two surfaces meet in this cell: a sheet between the farther ones would be a streak, and L2 has what is there.
  bvec2 torn = greaterThan(most - least, vec2(3.0 * uSlope * float(textureSize(uDecoded, 0).x) / uGrid.x));
  if (part > 3 && (!crossed || torn.y)) {
    gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
    return;
  }
  vec4 corner = texelFetch(uCorners, cell + step_, 0);
  vThreshold = corner.z;
  float inverse = vSide < 0.0 ? corner.y : torn.x && crossed ? most.x : corner.x;
  if (!crossed) {
    // The edge at this corner runs beside the cell, which lies wholly on one side of it.
    float own = nearAt(ivec2((position.xy + 0.5) / uGrid * vec2(textureSize(uDecoded, 0))));
    inverse = abs(corner.x - own) < abs(corner.y - own) ? corner.x : corner.y;
  }
  put(vec2(cell + step_) / uGrid, inverse, 1.0);
}
`;

const SAMPLE = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uAtlas;
uniform vec4 uColor;      // rect in texels
uniform float uFeather;   // share of the picture's height over which its border melts into the surround
uniform float uAspect;    // width over height
uniform float uDim;
in vec2 vUv;
in vec3 vDirection;
out vec4 outColor;
${SURROUND}
vec3 colourAt(vec2 uv) {
  vec2 at = clamp(uv * uColor.zw, vec2(0.5), uColor.zw - 0.5);
#ifdef ALL_ROUND
  // Right of an all-round picture its gutter holds its first columns.
  at.x = uv.x * uColor.z;
  if (at.x < 0.5) at.x += uColor.z;
#endif
  vec2 texel = uColor.xy + at;
  return sRGBTransferEOTF(texture(uAtlas, texel / vec2(textureSize(uAtlas, 0)))).rgb * uDim;
}

vec4 shown(vec2 uv) {
  vec3 c = colourAt(uv);
  if (uFeather > 0.0) {
    vec2 border = min(uv, 1.0 - uv) * vec2(uAspect, 1.0);
    c = mix(surround(vDirection), c, smoothstep(0.0, uFeather, min(border.x, border.y)));
  }
  return linearToOutputTexel(vec4(c, 1.0));
}
`;

export const FAR_FRAGMENT = /* glsl */ `
${SAMPLE}
void main() { outColor = shown(vUv); }
`;

export const NEAR_FRAGMENT = /* glsl */ `
flat in float vSide;
in float vThreshold;
${INVERSE}
${SAMPLE}
// Bilinear: the line where it crosses the threshold is the silhouette, finer than a sample.
float inverseHere() {
  vec2 at = vUv * vec2(textureSize(uDecoded, 0)) - 0.5;
  ivec2 p = ivec2(floor(at));
  vec2 share = at - vec2(p);
  vec2 rows_ = mix(vec2(nearAt(p), nearAt(p + ivec2(0, 1))), vec2(nearAt(p + ivec2(1, 0)), nearAt(p + 1)), share.x);
  return mix(rows_.x, rows_.y, share.y);
}

void main() {
  if (vSide != 0.0 && (inverseHere() - vThreshold) * vSide < 0.0) discard;
  outColor = shown(vUv);
}
`;
