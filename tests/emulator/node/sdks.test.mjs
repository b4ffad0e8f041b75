// The vendor's Node SDKs, as they come from npm, against the emulator at EMULATOR_URL.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const { Config } = require('@alicloud/openapi-client');
const cdn = require('@alicloud/cdn20180510');
const dcdn = require('@alicloud/dcdn20180115');
const OSS = require('ali-oss');

const { EMULATOR_URL } = process.env;
const { host } = new URL(EMULATOR_URL);
const KEY = { accessKeyId: 'emulator', accessKeySecret: 'emulator' };
const AWKWARD = "img/ä b+c?d#e%2F&中文'.png";

function api({ default: Client }) {
  return new Client(new Config({ ...KEY, endpoint: host, protocol: 'http', regionId: 'cn-hangzhou' }));
}

/** At an IP address ali-oss names the bucket in the Host header; at a name, with `sldEnable`, in the path. */
function bucket(more = {}) {
  return new OSS({ ...KEY, endpoint: EMULATOR_URL, region: 'oss-cn-hangzhou', bucket: 'pics', ...more });
}

test('CDN: what is submitted is found', async () => {
  const client = api(cdn);
  const objectPath = 'http://example.com/a?b=c&d=%E4%B8%AD';
  const { body } = await client.refreshObjectCaches(new cdn.RefreshObjectCachesRequest({ objectPath }));
  const found = await client.describeRefreshTaskById(
    new cdn.DescribeRefreshTaskByIdRequest({ taskId: body.refreshTaskId }));
  assert.equal(found.body.tasks[0].objectPath, objectPath);
  const listed = await client.describeRefreshTasks(new cdn.DescribeRefreshTasksRequest({ objectPath }));
  assert.equal(listed.body.tasks.CDNTask[0].taskId, body.refreshTaskId);
});

test('DCDN: what is submitted is found', async () => {
  const client = api(dcdn);
  const objectPath = 'http://example.com/b';
  const { body } = await client.preloadDcdnObjectCaches(new dcdn.PreloadDcdnObjectCachesRequest({ objectPath }));
  const found = await client.describeDcdnRefreshTaskById(
    new dcdn.DescribeDcdnRefreshTaskByIdRequest({ taskId: body.preloadTaskId }));
  assert.equal(found.body.tasks[0].objectPath, objectPath);
});

test('an error of the gateway is the SDK\'s own', async () => {
  const client = api(cdn);
  await assert.rejects(
    client.describeRefreshTaskById(new cdn.DescribeRefreshTaskByIdRequest({ taskId: 'abc' })),
    { code: 'InvalidTaskId.Malformed' });
});

for (const authorizationV4 of [false, true]) {
  const version = authorizationV4 ? 'V4' : 'V1';

  test(`ali-oss ${version}: put, read, copy, list, delete`, async () => {
    const pics = bucket({ authorizationV4 });
    await pics.put(AWKWARD, Buffer.from('content'), { meta: { a: '1' } });
    assert.equal((await pics.get(AWKWARD)).content.toString(), 'content');
    await pics.copy(`copy/${version}`, AWKWARD);
    assert.deepEqual((await pics.list({ prefix: 'copy/' })).objects.map(({ name }) => name), [`copy/${version}`]);
    assert.equal((await pics.listV2({ prefix: 'copy/' })).objects.length, 1);
    await pics.deleteMulti([`copy/${version}`]);
    await assert.rejects(pics.head(`copy/${version}`), { status: 404 });
  });

  test(`ali-oss ${version}: a stream goes in chunks`, async () => {
    const pics = bucket({ authorizationV4 });
    await pics.putStream('stream', Readable.from([Buffer.from('one '), Buffer.from('two')]));
    assert.equal((await pics.get('stream')).content.toString(), 'one two');
  });

  test(`ali-oss ${version}: parts, appends, tags`, async () => {
    const pics = bucket({ authorizationV4 });
    await pics.multipartUpload('parts', Buffer.alloc(250_000, 'x'), { partSize: 102_400 });
    assert.equal((await pics.get('parts')).content.length, 250_000);
    const key = `log-${version}`;
    const { nextAppendPosition } = await pics.append(key, Buffer.from('one'));
    await pics.append(key, Buffer.from('two'), { position: Number(nextAppendPosition) });
    assert.equal((await pics.get(key)).content.toString(), 'onetwo');
    await pics.putObjectTagging(key, { team: 'web' });
    assert.deepEqual((await pics.getObjectTagging(key)).tag, { team: 'web' });
  });

  test(`ali-oss ${version}: a signed URL uploads and downloads`, async () => {
    const pics = bucket({ authorizationV4, sldEnable: true, endpoint: EMULATOR_URL.replace('127.0.0.1', 'localhost') });
    const sign = (method, headers = {}) => (authorizationV4
      ? pics.signatureUrlV4(method, 60, { headers }, AWKWARD)
      : pics.signatureUrl(AWKWARD, { method, ...headers }));
    const type = { 'Content-Type': 'text/plain' };
    const put = await fetch(await sign('PUT', type), { method: 'PUT', headers: type, body: version });
    assert.equal(put.status, 200, await put.text());
    assert.equal(await (await fetch(await sign('GET'))).text(), version);
  });
}

test('ali-oss: buckets, conditional reads, wrong secrets', async () => {
  const pics = bucket();
  assert.ok((await pics.listBuckets()).buckets.some(({ name }) => name === 'pics'));
  const { res: { headers } } = await pics.put('once', Buffer.from('x'));
  const got = await pics.head('once', { headers: { 'If-None-Match': headers.etag } });
  assert.equal(got.status, 304);
  await assert.rejects(bucket({ accessKeySecret: 'wrong' }).get('once'), { code: 'SignatureDoesNotMatch' });
});
