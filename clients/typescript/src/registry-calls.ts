/** What all calls of the registry share: the client, their options, paging, the newest revision. */
import { RegistryService, type Instrument as Message } from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
import { createClient, type Client, type Transport } from "@connectrpc/connect";
import { bytesToHex } from "@noble/hashes/utils.js";

import { Code, explained, MeshError } from "./errors.js";
import { idBytes, parseId, type AnyId, type InstrumentId } from "./identity.js";
import type { CallOptions } from "./mesh.js";

export const PAGE_SIZE = 1000;

/** What the registry holds; it has given each one an id. */
export type Instrument = Message & { id: InstrumentId };

export interface ReadOptions extends CallOptions {
  /**
   * The answer must be at least this new: with `registry.revision` any replica shows what this client wrote. One
   * that does not get there in time refuses with REVISION_NOT_REACHED.
   */
  minRevision?: bigint;
}

export interface WriteOptions extends CallOptions {
  /**
   * The same one again answers what the first call answered. Writes that are not idempotent by what they write
   * have one of their own when none is given.
   */
  requestId?: string;
}

export interface ChangeOptions extends WriteOptions {
  /** REVISION_CONFLICT where what is changed is at another revision. */
  expectedRevision?: bigint;
}

export interface UpdateOptions extends ChangeOptions {
  /** The fields that change, as the protobuf message names them; those that are set when not given. */
  fields?: readonly string[];
}

/** One connection's calls of the registry. */
export class RegistryCalls {
  protected readonly client: Client<typeof RegistryService>;
  #revision = 0n;

  /** `closing` ends the streams. */
  constructor(
    transport: Transport,
    protected readonly closing: AbortSignal,
  ) {
    this.client = createClient(RegistryService, transport);
  }

  /** Newest revision that a write of this client was answered with: see ReadOptions. */
  get revision(): bigint {
    return this.#revision;
  }

  /** The answer of a write. */
  protected async written<T extends { revision: bigint }>(call: Promise<T>): Promise<T> {
    const answer = await explained(call);
    if (answer.revision > this.#revision) this.#revision = answer.revision;
    return answer;
  }
}

/** The items of all pages; `next` asks for the page of a token. */
export async function* paged<T>(
  next: (pageToken: string) => Promise<{ items: readonly T[]; nextPageToken: string }>,
): AsyncGenerator<T, void, void> {
  let pageToken = "";
  do {
    const page = await explained(next(pageToken));
    yield* page.items;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

/** Ids one after the other, 16 bytes each. */
export function joined(ids: readonly AnyId[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 * ids.length);
  ids.forEach((id, i) => bytes.set(idBytes(id), 16 * i));
  return bytes;
}

/** Parts of at most so many. */
export function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[], void, void> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** An id as messages hold it. */
export function idMessage(id: AnyId): InstrumentId {
  return typeof id === "string" ? parseId(id) : id;
}

export function known(instrument: Message | undefined): Instrument {
  if (instrument?.id !== undefined) return instrument as Instrument;
  throw new MeshError(Code.Internal, "INTERNAL", "the registry answered an instrument without an id");
}

export function present<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new MeshError(Code.Internal, "INTERNAL", `the registry answered without ${what}`);
}

/** 128 random bits; browsers have randomUUID on secure pages only. */
export function newRequestId(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
}
