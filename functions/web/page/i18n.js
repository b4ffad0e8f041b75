/** The page's own words; English for what stands still is in index.html. */
import { wordFor, wordsIn } from '../task-status/i18n.js';

const en = {
	token: 'A token, please', ids: (count) => (count === 1 ? 'one id' : `${count} ids`),
	objectPath: 'a URL', object: 'an object in OSS', domainName: 'a domain', bad: 'All that went wrong', asking: 'Asking…',
	shown: (count) => (count === 1 ? 'One task' : count ? `${count} tasks, newest first` : 'No task fits'),
	over: (over, all) => (all > 1 ? `${over} of ${all} finished` : over ? 'Finished' : 'Under way'),
	failed: (count) => `${count} failed`, missing: (count) => `${count} not found`, unreached: (count) => `${count} out of reach`,
	incomplete: 'its tasks may be missing here',
	kinds: { url: 'URLs', directory: 'directories', regex: 'patterns', preload: 'prefetches', 'ignore-params': 'URLs, any parameters' },
	asOf: (time) => `As of ${time}`, little: 'nearly used up', none: 'used up', left: (figures) => `left today: ${figures}`, tooMany: 'more than are left',
	urlCount: (count) => (count === 1 ? 'One URL' : `${count} URLs`),
	copyId: 'Copy id', copyUrls: (count) => (`Copy URL${count === 1 ? '' : 's'}`), copied: 'Copied', link: 'Link',
	again: { refresh: 'Refresh again', preload: 'Prefetch again' }, check: 'Is it fresh?',
	findings: {
		fresh: 'Fresh', 'origin-no-store': 'The origin lets no cache keep it', 'origin-not-found': 'Neither origin nor edge has it',
		'origin-unavailable': 'The origin gave no answer to compare with', 'edge-unavailable': 'The edge gave no answer to compare',
		undecidable: 'Cannot be told', 'tasks-unknown': 'Old; what was refreshed is not known', 'not-refreshed': 'Old; never refreshed',
		'url-differs-from-refreshed': 'Old; another spelling was refreshed', 'task-running': 'Old; its refresh is under way',
		'task-failed': 'Old; its refresh failed', 'task-older-than-change': 'Old; changed after its refresh', 'stale-at-edge': 'Old, although refreshed',
	},
};

/** @type {typeof en} */
const zh = {
	token: '请提供令牌', ids: (count) => `${count} 个任务 ID`, objectPath: '一个 URL', object: '一个 OSS 对象', domainName: '一个域名',
	bad: '所有未成功的', asking: '查询中…', shown: (count) => (count ? `${count} 个任务，最新在前` : '没有符合的任务'),
	over: (over, all) => (all > 1 ? `已结束 ${over} / ${all}` : over ? '已结束' : '进行中'),
	failed: (count) => `${count} 个失败`, missing: (count) => `${count} 个未找到`, unreached: (count) => `${count} 个无法查询`,
	incomplete: '此处可能缺少其任务',
	kinds: { url: 'URL', directory: '目录', regex: '正则', preload: '预热', 'ignore-params': 'URL（忽略参数）' },
	asOf: (time) => `截至 ${time}`, little: '即将用尽', none: '已用尽', left: (figures) => `今日剩余：${figures}`, tooMany: '超过剩余额度',
	urlCount: (count) => `${count} 个 URL`,
	copyId: '复制 ID', copyUrls: () => '复制 URL', copied: '已复制', link: '链接',
	again: { refresh: '再次刷新', preload: '再次预热' }, check: '是最新的吗？',
	findings: {
		fresh: '已是最新', 'origin-no-store': '源站不允许缓存', 'origin-not-found': '源站和边缘节点上都没有', 'origin-unavailable': '源站没有可比较的应答',
		'edge-unavailable': '边缘节点没有可比较的应答', undecidable: '无法判断', 'tasks-unknown': '仍是旧内容，无法得知刷新情况', 'not-refreshed': '仍是旧内容，未曾刷新',
		'url-differs-from-refreshed': '仍是旧内容，刷新的是另一种写法的 URL', 'task-running': '仍是旧内容，刷新进行中', 'task-failed': '仍是旧内容，刷新未成功',
		'task-older-than-change': '仍是旧内容，刷新之后源站又有变化', 'stale-at-edge': '已刷新，但仍是旧内容',
	},
};

const markup = {
	title: '任务状态', new: '新建任务', upload: '上传文件', quota: '今日剩余额度', token: '令牌', what: '任务 ID、URL 或域名', filters: '列表筛选', states: '只看', status: '状态', all: '全部',
	product: '产品', action: '操作', objectType: '对象类型', since: '创建于', ever: '三天内', day: '24 小时内', hour: '一小时内', month: '30 天内', own: '自定时段', from: '从',
	to: '到', show: '查询', renew: '更新', export: '导出 CSV', more: '更早的任务', otherScheme: '此 URL 没有任务，以下 URL 有：', api: 'API 说明', client: 'JavaScript 客户端',
	kept: '令牌（仅保存到关闭此标签页）', forget: '清除', use: '使用', urls: 'URL，每行一个', cancel: '取消', submit: '提交',
};

export const language = /^zh\b/i.test(navigator.language) ? 'zh-CN' : 'en';
export const words = language === 'en' ? en : zh;
export const signs = wordsIn(language);

export const reason = (sign, message = sign) => wordFor({ [sign]: message, ...signs.reasons }, sign);

document.documentElement.lang = language;
if (language !== 'en') {
	document.title = markup.title;
	for (const element of document.querySelectorAll('[data-t]')) element.textContent = markup[element.getAttribute('data-t') ?? ''];
	for (const element of document.querySelectorAll('[data-label]')) element.setAttribute('aria-label', markup[element.getAttribute('data-label') ?? '']);
}
