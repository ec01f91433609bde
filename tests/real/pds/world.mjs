// Bluesky in a box: a directory of identities, a Personal Data Server, and a Jetstream that tells what it commits.
//
//     node world.mjs HOME FOLDER
//
// HOME holds node_modules, FOLDER what the PDS keeps. All listen on 127.0.0.1. One JSON line says where:
// {"pds": URL, "jetstream": URL, "password": that of `admin`}. It ends when its standard input does.
//
// The PDS's stream is com.atproto.sync.subscribeRepos; of each commit the signature is verified and the records are
// read from its blocks. They are told in the form of Jetstream v1, as github.com/bluesky-social/jetstream-legacy writes
// it: keys in the order of the alphabet inside a record, and <, > and & escaped, as Go does. All is kept, and told again
// from `cursor` on.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { createServer as createProbe } from 'node:net'
import { join, resolve } from 'node:path'

const [home, folder] = process.argv.slice(2)
const LOCAL = '127.0.0.1'
process.env.LOG_ENABLED = 'false'

const require = createRequire(resolve(home, 'package.json'))
const { IdResolver } = require('@atproto/identity')
const { lexToJson } = require('@atproto/lexicon')
const { PDS, envToCfg, envToSecrets } = require('@atproto/pds')
const { Firehose } = require('@atproto/sync')
const { Database, PlcServer } = require('@did-plc/server')
const { WebSocketServer } = require('ws')

async function startDirectory() {
  const plc = PlcServer.create({ db: Database.mock(), port: 0 })
  listenLocally(plc.app)
  const server = await plc.start()
  return `http://${LOCAL}:${server.address().port}`
}

async function startPds(plcUrl) {
  const port = await freePort()
  const password = secret()
  const env = {
    adminPassword: password,
    blobstoreDiskLocation: join(folder, 'blobs'),
    blobstoreDiskTmpLocation: join(folder, 'blobs-coming'),
    dataDirectory: folder,
    devMode: true,
    didPlcUrl: plcUrl,
    hostname: 'localhost',
    inviteRequired: false,
    jwtSecret: secret(),
    plcRotationKeyK256PrivateKeyHex: secret(),
    port,
  }
  const pds = await PDS.create(envToCfg(env), envToSecrets(env))
  listenLocally(pds.app)
  await pds.start()
  return { password, pds: `http://${LOCAL}:${port}` }
}

// Neither server offers to listen on one address alone.
function listenLocally(app) {
  const listen = app.listen
  app.listen = (port) => listen.call(app, port, LOCAL)
}

// The PDS has to know its port before it listens: it is in its address.
async function freePort() {
  const probe = createProbe().listen(0, LOCAL)
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

const secret = () => randomBytes(32).toString('hex')

class Jetstream {
  constructor() {
    this.told = []
    this.listeners = new Set()
  }

  async start() {
    const server = createServer().listen(0, LOCAL)
    new WebSocketServer({ server, path: '/subscribe' }).on('connection', (socket, request) => {
      const query = new URL(request.url, 'ws://local').searchParams
      const listener = { socket, wanted: query.getAll('wantedCollections') }
      const from = Number(query.get('cursor') ?? Infinity)
      this.told.filter((event) => event.time_us >= from).forEach((event) => tell(listener, event))
      this.listeners.add(listener)
      socket.on('close', () => this.listeners.delete(listener))
    })
    await once(server, 'listening')
    return `ws://${LOCAL}:${server.address().port}`
  }

  say(event) {
    const time_us = Math.max(Date.now() * 1000, (this.told.at(-1)?.time_us ?? 0) + 1)
    const said = { did: event.did, time_us, ...shape(event) }
    this.told.push(said)
    this.listeners.forEach((listener) => tell(listener, said))
  }
}

function tell({ socket, wanted }, event) {
  if (event.kind === 'commit' && wanted.length > 0 && !wanted.includes(event.commit.collection)) return
  socket.send(JSON.stringify(event).replace(/[<>&\u2028\u2029]/g, escapeAsGoDoes))
}

const escapeAsGoDoes = (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

function shape({ event, did, seq, time, ...more }) {
  if (event === 'identity') {
    const handle = more.didDocument?.alsoKnownAs?.[0]?.replace('at://', '')
    return { kind: event, identity: { did, handle, seq, time } }
  }
  if (event === 'account') {
    return { kind: event, account: { active: more.active, did, seq, status: more.status, time } }
  }
  const { rev, collection, rkey } = more
  const commit = { rev, operation: event, collection, rkey }
  if (event !== 'delete') {
    commit.record = sorted(lexToJson(more.record))
    commit.cid = more.cid.toString()
  }
  return { kind: 'commit', commit }
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
}

function fail(error) {
  console.error(error)
  process.exit(1)
}

process.on('unhandledRejection', fail)
const plcUrl = await startDirectory()
const { pds, password } = await startPds(plcUrl)
const jetstream = new Jetstream()
const firehose = new Firehose({
  handleEvent: (event) => event.event !== 'sync' && jetstream.say(event),
  idResolver: new IdResolver({ plcUrl }),
  onError: fail,
  service: pds.replace('http:', 'ws:'),
  unauthenticatedHandles: true, // `.test` is in no domain name system
})
firehose.start()
console.log(JSON.stringify({ jetstream: await jetstream.start(), password, pds }))
process.stdin.resume().on('end', () => process.exit(0))
