/** Words for the service's signs. Its sets are open: a sign that is not in a table is shown as it came. */

const en = {
	states: {
		pending: 'Pending', running: 'Running', complete: 'Complete', failed: 'Failed', timeout: 'Timed out', canceled: 'Canceled',
		unknown: 'Unknown', asking: 'Asking…', idle: 'No task', settling: 'Confirming', appearing: 'Not visible yet', 'not-found': 'Not found',
		missing: 'Not all found', undecided: 'Out of reach', fault: 'No answer',
	},
	kinds: { refresh: 'Refresh', preload: 'Prefetch', file: 'files', directory: 'directories', regex: 'patterns', ignoreparams: 'files, any parameters', mixed: 'mixed' },
	reasons: {
		'internal-error': 'internal error', 'origin-timeout': 'the origin timed out', 'origin-5xx': 'the origin answered 5xx', other: 'other fault',
		throttled: 'too many calls', denied: 'permission denied', 'bad-credentials': 'credentials refused', rejected: 'request refused',
		timeout: 'timed out', deadline: 'took too long', unavailable: 'not available', malformed: 'answer not understood',
		'not-activated': 'not activated', 'history-unavailable': 'older tasks not available', unreachable: 'The service cannot be reached', 'no-answer': 'The service does not answer',
		'missing-token': 'This service needs a token', 'token-expired': 'The token has expired', forbidden: 'The token does not allow this',
		'invalid-request': 'The question has faults', 'token-unavailable': 'No token could be had', unexpected: 'Something went wrong',
		'quota-exceeded': 'the day\'s quota does not suffice', 'queue-full': 'too many unfinished prefetches', 'invalid-object-path': 'not a URL that can be submitted',
		'domain-not-found': 'the domain is not one of the account\'s', 'over-limit': 'too much for one call',
		'object-type-unsupported': 'the product has no such kind', 'unknown-outcome': 'it may have been submitted; look for its tasks first',
		'submitting-off': 'Submitting is switched off', 'submitting-unguarded': 'Submitting needs tokens',
		'missing-endpoint': 'No endpoint is given', 'invalid-endpoint': 'The endpoint is not a URL',
	},
	notes: {
		appearing: 'New tasks can take a minute to become visible.',
		'not-found': 'No product knows it: it never existed, or is older than three days.',
		idle: 'No task id is given.', settling: 'Making sure that nothing is missing',
	},
	matches: { exact: 'this very URL', directory: 'a directory above the URL', regex: 'a pattern that matches the URL' },
	of: (count, total) => `${count} of ${total} complete`,
	counted: (count, state) => `${count} ${state.toLowerCase()}`,
	objects: (total) => `${total} objects`,
	more: (omitted) => `Show more (${omitted} hidden)`,
	stale: (time) => `As of ${time}; could not be checked since`,
	notFound: (ids) => `Not found: ${ids}`,
	outOfReach: (ids) => `Out of reach: ${ids}`,
	undecided: (products) => `Could not be asked: ${products}`,
	again: (why) => `${why}; trying again`,
};

/** @type {typeof en} */
const zh = {
	states: {
		pending: '排队中', running: '进行中', complete: '已完成', failed: '失败', timeout: '已超时', canceled: '已取消', unknown: '状态未知',
		asking: '查询中…', idle: '无任务', settling: '确认中', appearing: '尚不可见', 'not-found': '未找到', missing: '部分未找到', undecided: '无法查询',
		fault: '无应答',
	},
	kinds: { refresh: '刷新', preload: '预热', file: '文件', directory: '目录', regex: '正则', ignoreparams: '文件（忽略参数）', mixed: '混合' },
	reasons: {
		'internal-error': '内部错误', 'origin-timeout': '源站超时', 'origin-5xx': '源站返回 5xx', other: '其他错误', throttled: '调用过于频繁',
		denied: '没有权限', 'bad-credentials': '凭证无效', rejected: '请求被拒绝', timeout: '超时', deadline: '超过时限', unavailable: '不可用',
		malformed: '应答无法识别', 'not-activated': '未开通', 'history-unavailable': '旧任务不可用', unreachable: '无法连接服务', 'no-answer': '服务没有应答',
		'missing-token': '此服务需要令牌', 'token-expired': '令牌已过期', forbidden: '令牌不允许此操作', 'invalid-request': '请求有误',
		'quota-exceeded': '今日额度不足', 'queue-full': '未完成的预热任务过多', 'invalid-object-path': '不是可提交的 URL', 'domain-not-found': '该域名不属于此账号',
		'over-limit': '超出单次调用上限', 'object-type-unsupported': '该产品不支持此类型', 'unknown-outcome': '可能已提交，请先查找其任务',
		'submitting-off': '未开启提交', 'submitting-unguarded': '提交需要令牌',
		'token-unavailable': '未能取得令牌', unexpected: '出现意外错误', 'missing-endpoint': '未指定服务地址', 'invalid-endpoint': '服务地址不是有效的 URL',
	},
	notes: {
		appearing: '新任务可能要一分钟后才可见。', 'not-found': '各产品均无此任务：不存在，或已超过三天。', idle: '未指定任务 ID。',
		settling: '正在确认没有遗漏',
	},
	matches: { exact: '正是此 URL', directory: '包含此 URL 的目录', regex: '匹配此 URL 的正则' },
	of: (count, total) => `已完成 ${count} / ${total}`,
	counted: (count, state) => `${count} 个${state}`,
	objects: (total) => `${total} 个对象`,
	more: (omitted) => `显示更多（另有 ${omitted} 个）`,
	stale: (time) => `截至 ${time}，之后未能确认`,
	notFound: (ids) => `未找到：${ids}`,
	outOfReach: (ids) => `无法查询：${ids}`,
	undecided: (products) => `无法查询的产品：${products}`,
	again: (why) => `${why}，正在重试`,
};

/** @param {string} language a BCP 47 tag */
export const wordsIn = (language) => (/^zh\b/i.test(language) ? zh : en);

export const wordFor = (table, sign) => (Object.hasOwn(table, sign) ? table[sign] : sign);
