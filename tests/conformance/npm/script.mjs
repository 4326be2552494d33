// The npm `webdav` client against a davd: node script.mjs URL, with DAV_USER and DAV_PASSWORD in the environment.
// Prints one JSON object of what it saw; any failed call ends it with a status other than 0.
import { AuthType, createClient } from "webdav";

const client = createClient(process.argv[2], {
    authType: AuthType.Password,
    username: process.env.DAV_USER,
    password: process.env.DAV_PASSWORD,
});
const text = { format: "text" };
const seen = {};

async function statusOf(call) {
    try {
        await call();
        return 200;
    } catch (error) {
        return error.status;
    }
}

async function readStream(stream) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts).toString();
}

const compliance = await client.getDAVCompliance("/");
seen.compliance = compliance.compliance;

await client.createDirectory("/sub folder/ünter %20/deep", { recursive: true });
const name = "/sub folder/näme + #1 100%.txt";
seen.put = await client.putFileContents(name, "0123456789");
seen.putAgain = await client.putFileContents(name, "other", { overwrite: false });
seen.get = await client.getFileContents(name, text);
seen.part = await readStream(client.createReadStream(name, { range: { start: 2, end: 5 } }));

const octets = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
await client.putFileContents("/binary", octets);
seen.binary = Buffer.compare(octets, Buffer.from(await client.getFileContents("/binary"))) === 0;

const stat = await client.stat(name);
seen.stat = { filename: stat.filename, size: stat.size, type: stat.type };
// What this client calls every file it writes.
seen.mime = stat.mime;
seen.etag = stat.etag;
seen.modified = new Date(stat.lastmod).getTime();

const names = async (path, options) => (await client.getDirectoryContents(path, options)).map((row) => row.filename).sort();
seen.list = await names("/");
seen.deep = await names("/", { deep: true });

await client.copyFile(name, "/copy é.txt");
seen.copied = await client.getFileContents("/copy é.txt", text);
seen.copyRefused = await statusOf(() => client.copyFile(name, "/copy é.txt", { overwrite: false }));
await client.moveFile("/copy é.txt", "/moved.txt");
seen.movedAway = await client.exists("/copy é.txt");
seen.moved = await client.exists("/moved.txt");
await client.copyFile("/sub folder", "/whole");
seen.whole = await names("/whole", { deep: true });

const lock = await client.lock("/moved.txt", { timeout: "Second-120" });
seen.timeout = lock.serverTimeout;
seen.lockedOut = await statusOf(() => client.putFileContents("/moved.txt", "intruder"));
await client.putFileContents("/moved.txt", "owner", { headers: { If: `(<${lock.token}>)` } });
await client.unlock("/moved.txt", lock.token);
await client.putFileContents("/moved.txt", "free");
seen.afterUnlock = await client.getFileContents("/moved.txt", text);

// RFC 4331, 2 keeps the quota out of allprop, so the two properties are asked for by name.
seen.quota = await client.getQuota({
    data: '<propfind xmlns="DAV:"><prop><quota-used-bytes/><quota-available-bytes/></prop></propfind>',
    headers: { "Content-Type": "application/xml" },
});
await client.deleteFile("/whole");
await client.deleteFile("/moved.txt");
seen.gone = await statusOf(() => client.stat("/moved.txt"));
seen.left = await names("/");
console.log(JSON.stringify(seen));
