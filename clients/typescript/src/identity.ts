/** Instrument ids: 16 bytes, computed alike in every language. The rules are in docs/identity.md. */
import { AssetType, IdScheme } from "@alphapulse/gen/fbs";
import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

import { Code, MeshError } from "./errors.js";

/** What names an instrument; the registry's ids and those of rows are such. */
export interface InstrumentId {
  readonly assetId: bigint;
  readonly venue: number;
  readonly assetType: number;
  readonly scheme: number;
  readonly salt: number;
}

/** An id, or its 32 hexadecimal digits. */
export type AnyId = InstrumentId | string;

// The index of a character is its digit; what begins with PAD is padded on the right.
const PAD = "\0";
const CODE = `${PAD}ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789`;
const SYMBOL = `${CODE}.-`;
const ISIN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ISIN_SHAPE = /^[A-Z]{2}[A-Z0-9]{9}[0-9]$/;
const CODES = 37n ** 6n;
const LONE_SURROGATE = /\p{Surrogate}/u;

function refuse(reason: string, message: string): never {
  throw new MeshError(Code.InvalidArgument, reason, message);
}

/** The id of a symbol on a venue. A symbol that does not fit 64 bits is hashed. */
export function symbolId(assetType: number, venue: number, symbol: string): InstrumentId {
  const value = digits(symbol, SYMBOL, 12);
  if (value === undefined || symbol === "") return localHash(assetType, venue, symbol);
  return make(assetType, venue, IdScheme.SYMBOL, value);
}

/** The id of an ISIN (ISO 6166). The check digit is the registry's to judge. */
export function isinId(assetType: number, venue: number, isin: string): InstrumentId {
  if (isin === "") refuse("ID_EMPTY_KEY", "empty ISIN");
  if (!ISIN_SHAPE.test(isin)) refuse("ID_BAD_KEY", `${JSON.stringify(isin)} is no ISIN`);
  return make(assetType, venue, IdScheme.ISIN, digits(isin, ISIN, 12)!);
}

/** The id of a pair of codes, base before quote. Codes that do not fit are hashed. */
export function pairId(assetType: number, venue: number, base: string, quote: string): InstrumentId {
  if (base === "" || quote === "") refuse("ID_EMPTY_KEY", "a pair has two codes");
  if (base.includes("/") || quote.includes("/")) refuse("ID_BAD_KEY", "a slash in a code of a pair");
  const [first, second] = [digits(base, CODE, 6), digits(quote, CODE, 6)];
  if (first === undefined || second === undefined) return localHash(assetType, venue, `${base}/${quote}`);
  return make(assetType, venue, IdScheme.PAIR, first * CODES + second);
}

/** The id of a venue's own number, an unsigned one of 64 bits. */
export function numericId(assetType: number, venue: number, number: bigint): InstrumentId {
  if (number < 0n || number >= 1n << 64n) refuse("ID_BAD_KEY", `${number} does not fit 64 bits`);
  return make(assetType, venue, IdScheme.NUMERIC, number);
}

/** The id of a contract address on a chain: "0x" and 40 hexadecimal digits. */
export function addressId(assetType: number, venue: number, address: string): InstrumentId {
  if (!/^0x[0-9a-f]{40}$/i.test(address)) refuse("ID_BAD_KEY", `${JSON.stringify(address)} is no address`);
  return localHash(assetType, venue, address.toLowerCase());
}

/** The BLAKE3 id of a whole canonical key; `attempt` counts the collisions that went before. */
export function hashId(assetType: number, venue: number, canonical: string, attempt = 0): InstrumentId {
  const prefix = canonicalKey(assetType, venue, "");
  if (!canonical.startsWith(prefix)) refuse("ID_BAD_KEY", `${JSON.stringify(canonical)} is no key ${prefix}…`);
  if (canonical === prefix) refuse("ID_EMPTY_KEY", "empty local key");
  // UTF-8 has no bytes for these; a replacement character would give two keys one id
  if (LONE_SURROGATE.test(canonical)) refuse("ID_BAD_KEY", "a key that is not Unicode text");
  const sum = blake3(new TextEncoder().encode(attempt > 0 ? `${canonical}#${attempt}` : canonical));
  const view = new DataView(sum.buffer, sum.byteOffset);
  return make(assetType, venue, IdScheme.HASH, view.getBigUint64(0, true), view.getUint32(8, true));
}

/** The canonical natural key, e.g. `v1:crypto_pair:1:BTCUSDT`. */
export function canonicalKey(assetType: number, venue: number, localKey: string): string {
  return `v1:${typeName(assetType)}:${venue}:${localKey}`;
}

/** The local key of a reversible id, undefined for a hashed one; what no encoder makes is refused. */
export function decodeId(id: AnyId): string | undefined {
  const { scheme, salt, assetId } = typeof id === "string" ? parseId(id) : id;
  if (scheme === IdScheme.HASH) return undefined;
  const key = salt === 0 ? localKey(scheme, assetId) : undefined;
  return key ?? refuse("ID_MALFORMED", `no encoder makes the id ${idText(id)}`);
}

/** An id as 32 lower-case hexadecimal digits, its bytes in memory order. */
export function idText(id: AnyId): string {
  return bytesToHex(idBytes(id));
}

/** The 16 bytes of an id as they stand in records. */
export function idBytes(id: AnyId): Uint8Array {
  if (typeof id === "string") {
    if (!/^[0-9a-f]{32}$/i.test(id)) refuse("ID_BAD_TEXT", `${JSON.stringify(id)} is not 32 hexadecimal digits`);
    return hexToBytes(id);
  }
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, id.assetId, true);
  view.setUint16(8, id.venue, true);
  view.setUint8(10, id.assetType);
  view.setUint8(11, id.scheme);
  view.setUint32(12, id.salt, true);
  return bytes;
}

/** An id from its 32 hexadecimal digits. */
export function parseId(text: string): InstrumentId {
  const view = new DataView(idBytes(text).buffer);
  return {
    assetId: view.getBigUint64(0, true),
    venue: view.getUint16(8, true),
    assetType: view.getUint8(10),
    scheme: view.getUint8(11),
    salt: view.getUint32(12, true),
  };
}

function localHash(assetType: number, venue: number, localKey: string): InstrumentId {
  return hashId(assetType, venue, canonicalKey(assetType, venue, localKey));
}

function make(assetType: number, venue: number, scheme: IdScheme, assetId: bigint, salt = 0): InstrumentId {
  typeName(assetType);
  if (!Number.isInteger(venue) || venue < 0 || venue > 0xffff) refuse("ID_BAD_KEY", `there is no venue ${venue}`);
  return { assetId, venue, assetType, scheme, salt };
}

function typeName(assetType: number): string {
  const name = AssetType[assetType];
  if (name === undefined || assetType === AssetType.NONE) {
    return refuse("ID_BAD_ASSET_TYPE", `there is no asset type ${assetType}`);
  }
  return name.toLowerCase();
}

/** A left-aligned number of `places` digits; undefined where the text does not fit. */
function digits(text: string, alphabet: string, places: number): bigint | undefined {
  if (text.length > places || text.includes(PAD)) return undefined;
  let value = 0n;
  for (const character of text.padEnd(places, PAD)) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return undefined;
    value = value * BigInt(alphabet.length) + BigInt(digit);
  }
  return value;
}

/** Undoes `digits`; undefined for a gap, for no character at all and for too large a value. */
function characters(value: bigint, alphabet: string, places: number): string | undefined {
  const base = BigInt(alphabet.length);
  let text = "";
  for (let i = 0; i < places; i++, value /= base) text = alphabet[Number(value % base)] + text;
  text = text.replace(/\0+$/, "");
  return value === 0n && text !== "" && !text.includes(PAD) ? text : undefined;
}

function localKey(scheme: number, value: bigint): string | undefined {
  switch (scheme) {
    case IdScheme.SYMBOL:
      return characters(value, SYMBOL, 12);
    case IdScheme.ISIN: {
      const isin = characters(value, ISIN, 12);
      return isin !== undefined && ISIN_SHAPE.test(isin) ? isin : undefined;
    }
    case IdScheme.PAIR: {
      const [base, quote] = [characters(value / CODES, CODE, 6), characters(value % CODES, CODE, 6)];
      return base !== undefined && quote !== undefined ? `${base}/${quote}` : undefined;
    }
    case IdScheme.NUMERIC:
      return value.toString();
    default:
      return undefined;
  }
}
