/** A revision's diff in a director's words: spec paths and values, both languages. Pure. */
import type { FieldDiff } from '../protocol/messages';
import { COLOUR_WORDS } from './colour-words';
import type { Language } from './i18n';

type Words = Readonly<Record<Language, string>>;
type Format = 'scale' | 'metres' | 'degrees' | 'seconds' | 'millimetres' | 'word';

const FIELDS: Readonly<Record<string, { label: Words; format: Format }>> = {
  region: { label: { en: 'Region, in words', zh: '区域内容' }, format: 'word' },
  actionSpeed: { label: { en: 'Action pace', zh: '动作速度' }, format: 'scale' },
  durationS: { label: { en: 'Length', zh: '时长' }, format: 'seconds' },
  timeOfDay: { label: { en: 'Time of day', zh: '时间' }, format: 'word' },
  'camera.shotSize': { label: { en: 'Shot size', zh: '景别' }, format: 'word' },
  'camera.angle': { label: { en: 'Camera angle', zh: '机位角度' }, format: 'word' },
  'camera.move': { label: { en: 'Camera move', zh: '运镜' }, format: 'word' },
  'camera.moveSpeed': { label: { en: 'Camera pace', zh: '运镜速度' }, format: 'scale' },
  'camera.distanceScale': { label: { en: 'Camera distance', zh: '机位距离' }, format: 'scale' },
  'camera.heightOffsetM': { label: { en: 'Camera height', zh: '机位高度' }, format: 'metres' },
  'camera.yawOffsetRad': { label: { en: 'Round the subject', zh: '环绕角度' }, format: 'degrees' },
  'camera.pitchOffsetRad': { label: { en: 'Camera tilt', zh: '俯仰' }, format: 'degrees' },
  'camera.lensMm': { label: { en: 'Lens', zh: '焦距' }, format: 'millimetres' },
};

const MARK: Words = { en: 'Mark', zh: '站位' };

/** Of one subject, whichever it is. */
const OF_SUBJECTS: Readonly<Record<string, Words>> = {
  colours: { en: 'Colour', zh: '颜色' },
  scale: { en: 'Size', zh: '大小' },
  count: { en: 'Number', zh: '数量' },
};

const WORDS: Readonly<Record<string, Words>> = {
  dawn: { en: 'dawn', zh: '黎明' },
  day: { en: 'day', zh: '白天' },
  sunset: { en: 'sunset', zh: '日落' },
  dusk: { en: 'dusk', zh: '黄昏' },
  night: { en: 'night', zh: '夜晚' },
  extreme_close_up: { en: 'extreme close-up', zh: '大特写' },
  close_up: { en: 'close-up', zh: '特写' },
  medium_close_up: { en: 'medium close-up', zh: '近景' },
  medium: { en: 'medium shot', zh: '中景' },
  medium_full: { en: 'medium full shot', zh: '中全景' },
  full: { en: 'full shot', zh: '全景' },
  wide: { en: 'wide shot', zh: '远景' },
  extreme_wide: { en: 'extreme wide shot', zh: '大远景' },
  low: { en: 'low', zh: '低角度' },
  eye: { en: 'eye level', zh: '平视' },
  high: { en: 'high', zh: '高角度' },
  overhead: { en: 'overhead', zh: '顶拍' },
  dutch: { en: 'dutch', zh: '倾斜' },
  static: { en: 'static', zh: '固定' },
  dolly_in: { en: 'dolly in', zh: '推近' },
  dolly_out: { en: 'dolly out', zh: '拉远' },
  truck_left: { en: 'truck left', zh: '左移' },
  truck_right: { en: 'truck right', zh: '右移' },
  pan_left: { en: 'pan left', zh: '左摇' },
  pan_right: { en: 'pan right', zh: '右摇' },
  tilt_up: { en: 'tilt up', zh: '上摇' },
  tilt_down: { en: 'tilt down', zh: '下摇' },
  crane_up: { en: 'crane up', zh: '升' },
  crane_down: { en: 'crane down', zh: '降' },
  orbit_left: { en: 'orbit left', zh: '左环绕' },
  orbit_right: { en: 'orbit right', zh: '右环绕' },
  follow: { en: 'follow', zh: '跟拍' },
  handheld: { en: 'handheld', zh: '手持' },
  as_told: { en: 'as told', zh: '按原文' },
  warm_golden: { en: 'warm golden', zh: '暖金' },
  blue_grey: { en: 'blue-grey', zh: '蓝灰' },
  noir: { en: 'noir', zh: '黑色电影' },
  ink_wash: { en: 'ink wash', zh: '水墨' },
  neon: { en: 'neon', zh: '霓虹' },
  bleached: { en: 'bleached', zh: '漂白' },
  moonlit: { en: 'moonlit', zh: '月光' },
  overcast: { en: 'overcast', zh: '阴天' },
};

const AUTOMATIC: Words = { en: 'automatic', zh: '自动' };
const SECONDS: Words = { en: 's', zh: '秒' };

/** A value of a spec in a director's word; one without a word of its own as it is. */
export function wordOf(value: string, language: Language): string {
  return (WORDS[value] ?? COLOUR_WORDS[value])?.[language] ?? value;
}

export interface DiffLine {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

export function diffLine(diff: FieldDiff, language: Language): DiffLine {
  const field = FIELDS[diff.path];
  const mark = /^markOverrides\[\d+\]\.?(.*)$/.exec(diff.path);
  const subject = OF_SUBJECTS[/^subjects\[\d+\]\.(\w+)/.exec(diff.path)?.[1] ?? ''];
  const label = field?.label[language] ?? subject?.[language] ?? (mark ? `${MARK[language]} ${mark[1] ?? ''}`.trim() : diff.path);
  const show = (value: string): string => shown(value, field?.format ?? 'word', language);
  return { label, before: show(diff.before), after: show(diff.after) };
}

function shown(value: string, format: Format, language: Language): string {
  if (value === '') return format === 'millimetres' ? AUTOMATIC[language] : '–';
  if (format === 'word') return value.split(', ').map((word) => wordOf(word, language)).join(', ');
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  switch (format) {
    case 'scale':
      return `×${trim(number)}`;
    case 'metres':
      return `${signed(number, 2)} m`;
    case 'degrees':
      return `${signed((number * 180) / Math.PI, 0)}°`;
    case 'seconds':
      return `${trim(number)} ${SECONDS[language]}`;
    case 'millimetres':
      return `${trim(number)} mm`;
  }
}

function signed(n: number, digits: number): string {
  return (n > 0 ? '+' : n < 0 ? '−' : '') + Math.abs(n).toFixed(digits);
}

function trim(number: number): string {
  return String(Math.round(number * 100) / 100);
}
