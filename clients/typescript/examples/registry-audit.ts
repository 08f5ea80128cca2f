/**
 * Reads a whole registry and prints a fingerprint of each part: equal data, equal lines, in any language.
 * The Python and Go clients have the same program.
 *
 *     node dist/examples/registry-audit.js --target localhost:10000
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";

import { connect, idText, MeshError } from "@alphapulse/client";
import type { Instrument, InstrumentKey, Mesh, Registry } from "@alphapulse/client";

/** Each so manieth instrument is also asked for by its identifiers, links and venues. */
const SAMPLE = 997;
const WHEN = new Date(Date.UTC(2026, 0, 5, 15));
const WORDS = ["apple inc", "bitcoin", "usd coin", "vanguard", "no such thing"];

type Field = string | number | bigint;
type Link = Registry["links"] extends (...of: never[]) => AsyncGenerator<infer Of> ? Of : never;
type Venue = Registry["venues"] extends (...of: never[]) => AsyncGenerator<infer Of> ? Of : never;
type Event = Registry["watch"] extends (...of: never[]) => AsyncGenerator<infer Of> ? Of : never;
type AnyInstrument = Pick<Instrument, Exclude<keyof Instrument, "id">> & Partial<Pick<Instrument, "id">>;

/** A fingerprint over lines. */
class Part {
  readonly #name: string;
  readonly #hash = createHash("sha256");
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(...fields: Field[]): void {
    this.#count += 1;
    this.#hash.update(fields.join("|") + "\n");
  }

  tell(): void {
    console.log(JSON.stringify({ part: this.#name, count: this.#count, sha256: this.#hash.digest("hex") }));
  }
}

const text = (id: AnyInstrument["id"]): string => (id === undefined ? "" : idText(id));

function instrumentFields(one: AnyInstrument): Field[] {
  return [
    text(one.id), one.assetType, one.venue, one.symbol, one.name, one.status, one.naturalKey,
    one.baseCurrency, one.quoteCurrency, one.isin, one.cusip, one.figi, one.shareClassFigi,
    one.compositeFigi, one.chainId, one.contractAddress, one.decimals, one.tickSize, one.lotSize,
    Number(one.primaryListing), one.validFrom?.seconds ?? 0n, one.revision,
  ];
}

const linkFields = (link: Link): Field[] => [text(link.from), text(link.to), link.type, link.revision];

function venueFields(venue: Venue): Field[] {
  return [
    venue.venue, venue.name, venue.kind, venue.mic, venue.title, venue.country, venue.chainId,
    venue.calendar, venue.operatingMic, venue.status, venue.revision,
  ];
}

/** Undefined for a bookmark. */
function eventFields({ event }: Event): Field[] | undefined {
  switch (event.case) {
    case "instrumentRegistered":
    case "instrumentUpdated":
      return instrumentFields(event.value);
    case "linkAdded":
    case "linkRemoved":
      return linkFields(event.value);
    case "venueRegistered":
    case "venueUpdated":
      return venueFields(event.value);
    case "collision":
      return ["collision"];
    case "syntheticDefined":
      return ["synthetic_defined"];
    default:
      return undefined;
  }
}

/** What is found, or the reason why nothing is. */
async function or(fields: Promise<Field[]>): Promise<Field[]> {
  try {
    return await fields;
  } catch (error) {
    if (error instanceof MeshError) return [error.reason];
    throw error;
  }
}

async function sessions(registry: Registry, venue: string): Promise<Field[]> {
  const found = await registry.sessions(venue, WHEN);
  return [Number(found.open), found.nextOpen?.seconds ?? 0n, found.nextClose?.seconds ?? 0n];
}

async function fees(registry: Registry, venue: string): Promise<Field[]> {
  const found = await registry.quoteFees(venue, { volume: "1000000", notional: "10000" });
  return [found.makerFeeBps, found.takerFeeBps, found.makerFee, found.takerFee, found.tier];
}

function keyOf({ isin, contractAddress, chainId, symbol, venue }: Instrument): InstrumentKey {
  if (isin !== "") return { isin };
  if (contractAddress !== "") return { contractAddress, chainId };
  return { symbol, venue: venue === 0 ? "" : String(venue) };
}

async function auditSample(registry: Registry, sample: readonly Instrument[]): Promise<void> {
  let part = new Part("by id");
  for (const found of await registry.getMany(sample.map((one) => one.id))) {
    part.add(...(found === undefined ? ["missing"] : instrumentFields(found)));
  }
  part.tell();

  part = new Part("history");
  for (const one of sample) {
    for (const period of await registry.history(one.id)) {
      part.add(text(period.id), period.version, period.symbol, period.revision);
    }
  }
  part.tell();

  part = new Part("resolved");
  for (const one of sample) {
    for (const candidate of (await registry.candidates(keyOf(one))).candidates) part.add(idText(candidate.id));
  }
  part.tell();

  part = new Part("links");
  for (const one of sample) for await (const link of registry.links(one.id)) part.add(...linkFields(link));
  part.tell();

  part = new Part("listings");
  for (const one of sample) {
    for (const listing of await registry.findVenues(one.id)) {
      part.add(text(listing.instrument?.id), listing.venue?.name ?? "", listing.link);
    }
  }
  part.tell();
}

async function audit({ registry }: Mesh): Promise<void> {
  let part = new Part("instruments");
  const sample: Instrument[] = [];
  let [newest, position] = [0n, 0];
  for await (const one of registry.list()) {
    part.add(...instrumentFields(one));
    if (one.revision > newest) newest = one.revision;
    if (position % SAMPLE === 0) sample.push(one);
    position += 1;
  }
  part.tell();

  part = new Part("records");
  for await (const { rows } of registry.streamRecords()) {
    for (const row of rows) {
      part.add(
        idText(row.instrumentId), row.symbol, row.isin, row.figi, row.cusip, row.tickSize, row.lotSize, row.chainId,
        row.decimals, row.status, row.flags,
      );
    }
  }
  part.tell();
  await auditSample(registry, sample);

  part = new Part("search");
  for (const query of WORDS) for await (const one of registry.search({ query })) part.add(query, idText(one.id));
  part.tell();

  part = new Part("venues");
  for await (const venue of registry.venues()) part.add(...venueFields(venue));
  part.tell();

  part = new Part("synthetics");
  for await (const one of registry.synthetics()) part.add(one.name, one.formula, one.formulaHash, one.version);
  part.tell();

  part = new Part("sessions and fees");
  for (const name of ["XNAS", "XLON", "BINANCE", "UNISWAP_V3"]) {
    part.add(name, ...(await or(sessions(registry, name))), ...(await or(fees(registry, name))));
  }
  part.tell();

  part = new Part(`changes to ${newest}`);
  for await (const event of registry.watch()) {
    const fields = eventFields(event);
    if (event.revision <= newest && fields !== undefined) part.add(event.revision, ...fields);
    if (event.revision > newest || (fields === undefined && event.revision === newest)) break;
  }
  part.tell();
}

const { values: flags } = parseArgs({ options: { target: { type: "string", default: "localhost:10000" } } });
const mesh = await connect(flags.target);
try {
  await audit(mesh);
} finally {
  mesh.close();
}
