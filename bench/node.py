"""The same door as a Shopify developer would build it in Node: Express, Shopify's own package, BullMQ on Redis.

It is installed on the spot from the npm registry, when Node is there; it is not durable, and it is not ours.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.ground import Ground
from sandbox import servers
from sandbox.processes import Program, listens

PACKAGES = ("@shopify/shopify-api@^12", "express@^5", "bullmq@^5")
SERVER = """
import '@shopify/shopify-api/adapters/node';
import {shopifyApi} from '@shopify/shopify-api';
import express from 'express';
import {Queue} from 'bullmq';
const redis = new URL(process.env.REDIS_URL);
const queue = new Queue('deliveries', {connection: {host: redis.hostname, port: Number(redis.port),
  password: redis.password || undefined}});
const shopify = shopifyApi({apiKey: 'bench', apiSecretKey: process.env.BENCH_SECRET, apiVersion: '2025-07',
  hostName: 'bench.example', isEmbeddedApp: true, scopes: ['read_orders'], logger: {level: 0}});
const app = express();
app.use(express.text({type: '*/*', limit: '2mb'}));
app.post('/webhooks', async (req, res) => {
  const found = await shopify.webhooks.validate({rawBody: req.body, rawRequest: req, rawResponse: res});
  if (!found.valid) return res.status(401).end();
  await queue.add(found.topic, JSON.parse(req.body), {jobId: found.webhookId, removeOnComplete: 1000});
  res.status(200).end();
});
app.listen(Number(process.env.PORT), '127.0.0.1');
"""


@contextmanager
def running(ground: Ground) -> Iterator[int | str]:
    """The port of the Node server for as long as the block lasts, or the reason why there is none."""
    if not shutil.which("node") or not shutil.which("npm"):
        yield "Node and npm are not on this machine"
        return
    with tempfile.TemporaryDirectory(prefix="concord-node-") as name:
        folder = Path(name)
        (folder / "package.json").write_text('{"type": "module", "private": true}')
        (folder / "server.js").write_text(SERVER)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", *PACKAGES]
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield f"npm install failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}"
            return
        port = servers.free_port()
        environment = {**ground.environment, "PORT": str(port), "NODE_ENV": "production"}
        process = ground.crew.start(
            Program("node", ["node", str(folder / "server.js")], listens(port), environment, folder)
        )
        yield port
        process.stop()
