/** Error codes of the protocol in the viewer's language; an unknown code keeps the server's own title. */
import type { Language } from './i18n';

const TITLES: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  internal: { en: 'Something went wrong', zh: '出现问题' },
  'invalid-input': { en: 'The input cannot be used', zh: '输入无法使用' },
  'invalid-script': { en: 'The script cannot be read', zh: '无法读取剧本' },
  'invalid-prompt': { en: 'The prompt cannot be used', zh: '提示词无法使用' },
  'invalid-media': { en: 'The media file cannot be used', zh: '媒体文件无法使用' },
  'invalid-model': { en: 'The network cannot be used', zh: '模型无法使用' },
  'no-depth': { en: 'Depth cannot be found for this clip', zh: '无法得到这段画面的深度' },
  'invalid-offer': { en: 'The video connection was refused', zh: '视频连接被拒绝' },
  'invalid-message': { en: 'The server did not understand this page', zh: '服务器无法理解此页面的消息' },
  'unknown-engine': { en: 'There is no engine of that name', zh: '没有这个引擎' },
  'not-found': { en: 'That no longer exists', zh: '该内容已不存在' },
  conflict: { en: 'That cannot be done now', zh: '现在无法执行' },
  'gate-refused': { en: 'The gate does not let these words out', zh: '内容审查未通过,未发送' },
  'over-budget': { en: 'The project’s budget does not allow it', zh: '项目预算不允许' },
  forbidden: { en: 'That is not allowed', zh: '没有权限' },
  unavailable: { en: 'Not available at the moment', zh: '暂时不可用' },
  'engine-failed': { en: 'The take could not be made', zh: '这一条制作失败' },
  'engine-auth': { en: 'The engine does not accept the key', zh: '引擎不接受该密钥' },
  'engine-throttled': { en: 'The engine takes no more for now', zh: '引擎暂时不再接单' },
  'engine-refused': { en: 'The engine refuses this content', zh: '引擎拒绝该内容' },
  'engine-unreachable': { en: 'The engine cannot be reached', zh: '无法连接引擎' },
  'engine-lied': { en: 'The engine’s answer is not what it should be', zh: '引擎的答复不合约定' },
  'result-gone': { en: 'The clip is no longer at its address', zh: '片段已不在原地址' },
  'outcome-unknown': { en: 'Nobody knows whether the engine took the order', zh: '无法确定引擎是否已接单' },
  'blob-damaged': { en: 'A stored file is damaged', zh: '存储的文件已损坏' },
  'storage-failed': { en: 'The data could not be stored or read', zh: '数据无法保存或读取' },
  cancelled: { en: 'Cancelled', zh: '已取消' },
};

export const ERROR_CODES: readonly string[] = Object.keys(TITLES);

export function errorTitle(code: string, title: string, language: Language): string {
  return TITLES[code]?.[language] ?? title;
}
