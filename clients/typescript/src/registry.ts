/** The registry: instruments and links looked up, registered, changed, followed. */
import type {
  Instrument as Message,
  InstrumentSchema,
  InstrumentStatus,
  Link,
  LinkType,
  RegistrationOutcome,
  SearchInstrumentsRequestSchema,
  VenueListing,
  WatchRegistryRequestSchema,
  WatchRegistryResponse,
} from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
import { WatchRegistryRequestSchema as Watched } from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { Backoff } from "./backoff.js";
import { Code, explain, explained, isTransient, MeshError } from "./errors.js";
import { Frame } from "./frame.js";
import { idText, type AnyId } from "./identity.js";
import type { CallOptions } from "./mesh.js";
import {
  chunks, idMessage, joined, known, newRequestId, paged, PAGE_SIZE, present,
  type ChangeOptions, type Instrument, type ReadOptions, type UpdateOptions, type WriteOptions,
} from "./registry-calls.js";
import { SyntheticCalls } from "./registry-synthetics.js";
import { Rows } from "./rows.js";

const BATCH_GET = 10_000;
const BATCH_REGISTER = 10_000;
const STREAM_IDS = 100_000;

type InstrumentInit = MessageInitShape<typeof InstrumentSchema>;
type SearchInit = MessageInitShape<typeof SearchInstrumentsRequestSchema>;

/** One way of naming an instrument; `venue` (name, MIC or number) narrows any of them. */
export type InstrumentKey = (
  | { symbol: string; venue: string }
  | { isin: string; venue?: string }
  | { cusip: string; venue?: string }
  | { figi: string; venue?: string }
  | { contractAddress: string; chainId: number; venue?: string }
  /** Anything: what it is is found by its form and by what is registered. */
  | { identifier: string; venue?: string }
) & {
  /** Only instruments of this type. */
  assetType?: number;
  /** What was valid at that time; now when not given. */
  asOf?: Date;
};

/** Narrows `list`; an empty one passes everything. */
export interface InstrumentFilter {
  assetType?: number;
  venue?: string;
  symbolPrefix?: string;
  status?: InstrumentStatus;
}

/** Narrows `streamRecords` of everything. */
export interface RecordFilter {
  assetTypes?: readonly number[];
  /** Names, MICs or numbers. */
  venues?: readonly string[];
  /** Rows of a batch at most; the registry's choice when not given. */
  batchRows?: number;
}

/** A part of a stream of records. */
export interface RecordBatch {
  /** The answer's own bytes, read in place. */
  readonly rows: Rows<"InstrumentRecord">;
  /** Position of the first of them in the whole answer. */
  readonly firstRow: number;
  /** Positions, in the whole answer, of ids that are unknown: their rows are zeros. */
  readonly missing: readonly number[];
  /** That all rows of a stream were read at. */
  readonly revision: bigint;
  /** Of the stream that the batch belongs to. */
  readonly totalRows: number;
}

/** Several instruments fit equally well; `candidates` has them, best first. */
export class AmbiguousInstrument extends MeshError {
  override readonly name = "AmbiguousInstrument";

  constructor(readonly candidates: readonly Instrument[]) {
    const values = { candidates: String(candidates.length) };
    super(Code.FailedPrecondition, "INSTRUMENT_AMBIGUOUS", `${candidates.length} instruments fit`, values);
  }
}

/** Calls of the registry; they are made again while it is unavailable and their time is not over. */
export class Registry extends SyntheticCalls {
  /** The one instrument behind a key; throws AmbiguousInstrument where several fit equally well. */
  async resolve(key: InstrumentKey, options?: ReadOptions): Promise<Instrument> {
    const { candidates, ambiguous } = await this.candidates(key, options);
    const [found] = candidates;
    if (found === undefined) throw new MeshError(Code.NotFound, "INSTRUMENT_UNKNOWN", "no instrument fits");
    if (ambiguous) throw new AmbiguousInstrument(candidates);
    return found;
  }

  /** All instruments that fit a key, best first, and whether the choice between them is open. */
  async candidates(
    { asOf, ...key }: InstrumentKey,
    options: ReadOptions = {},
  ): Promise<{ candidates: Instrument[]; ambiguous: boolean }> {
    const request = { ...key, asOf: asOf && timestampFromDate(asOf), minRevision: options.minRevision };
    const answer = await explained(this.client.resolveInstrument(request, options));
    return { candidates: answer.candidates.map(known), ambiguous: answer.ambiguous };
  }

  /** One instrument by its id. */
  async get(id: AnyId, options: ReadOptions = {}): Promise<Instrument> {
    const { minRevision } = options;
    return known((await explained(this.client.getInstrument({ id: idText(id), minRevision }, options))).instrument);
  }

  /** Instruments by their ids, in order; undefined where one is unknown. */
  async getMany(ids: readonly AnyId[], options: ReadOptions = {}): Promise<(Instrument | undefined)[]> {
    const { minRevision } = options;
    const found: (Instrument | undefined)[] = [];
    for (const part of chunks(ids, BATCH_GET)) {
      const answer = await explained(this.client.batchGetInstruments({ ids: joined(part), minRevision }, options));
      const missing = new Set(answer.missing);
      answer.instruments.forEach((instrument, i) => found.push(missing.has(i) ? undefined : known(instrument)));
    }
    return found;
  }

  /**
   * Fixed records of instruments, in order; one of zeros for an unknown id. They are the answer's own bytes, read
   * in place: the quickest way to ask for many.
   */
  async records(ids: readonly AnyId[], options: ReadOptions = {}): Promise<Rows<"InstrumentRecord">> {
    const { minRevision } = options;
    const parts: Rows<"InstrumentRecord">[] = [];
    for (const part of chunks(ids, BATCH_GET)) {
      const call = this.client.batchGetInstrumentRecords({ ids: joined(part), minRevision }, options);
      parts.push(recordsOf((await explained(call)).frame));
    }
    return parts.length === 1 ? parts[0]! : Rows.joined("InstrumentRecord", parts);
  }

  /**
   * Fixed records in batches, all as of one revision: of ids, in their order and with zeros for unknown ones, or of
   * everything that passes a filter. Ids beyond 100,000 are asked for in several streams, each with a revision of
   * its own. A stream that breaks throws: begin anew.
   */
  async *streamRecords(
    wanted: readonly AnyId[] | RecordFilter = {},
    options: ReadOptions = {},
  ): AsyncGenerator<RecordBatch, void, void> {
    const { minRevision, ...call } = options;
    const everything = !isIds(wanted);
    const filter = everything ? { ...wanted, assetTypes: [...(wanted.assetTypes ?? [])], venues: [...(wanted.venues ?? [])] } : {};
    const left = new AbortController(); // the caller has had enough: the stream ends with the loop
    const signal = call.signal ? AbortSignal.any([left.signal, call.signal]) : left.signal;
    let before = 0;
    try {
      for (const part of everything ? [[]] : chunks(wanted, STREAM_IDS)) {
        const request = { ...filter, all: everything, ids: joined(part), minRevision };
        const stream = this.client.streamInstrumentRecords(request, { timeoutMs: 0, ...call, signal });
        for await (const answer of stream) {
          yield {
            rows: recordsOf(answer.frame),
            firstRow: before + Number(answer.firstRow),
            missing: answer.missing.map((position) => before + position),
            revision: answer.revision,
            totalRows: Number(answer.totalRows),
          };
        }
        before += part.length;
      }
    } catch (error) {
      throw explain(error);
    } finally {
      left.abort();
    }
  }

  /** Every period of validity of an instrument, the present one last: what it was called when. */
  async history(id: AnyId, options: ReadOptions = {}): Promise<Instrument[]> {
    const { minRevision } = options;
    const answer = await explained(this.client.getInstrumentHistory({ id: idText(id), minRevision }, options));
    return answer.instruments.map(known);
  }

  /** The instruments that pass the filter, in the order of registration; it pages by itself. */
  list(filter: InstrumentFilter = {}, options: ReadOptions = {}): AsyncGenerator<Instrument, void, void> {
    const { minRevision } = options;
    return paged(async (pageToken) => {
      const request = { ...filter, pageSize: PAGE_SIZE, pageToken, minRevision };
      const page = await this.client.listInstruments(request, options);
      return { items: page.instruments.map(known), nextPageToken: page.nextPageToken };
    });
  }

  /** The instruments that have the words and pass the filters; it pages by itself. */
  search(wanted: SearchInit & { readMask?: undefined }, options?: CallOptions): AsyncGenerator<Instrument, void, void>;
  /** The same with the fields alone that `readMask` names. */
  search(wanted: SearchInit, options?: CallOptions): AsyncGenerator<Message, void, void>;
  search(wanted: SearchInit, options?: CallOptions): AsyncGenerator<Message, void, void> {
    return paged(async (pageToken) => {
      const page = await this.client.searchInstruments({ pageSize: PAGE_SIZE, ...wanted, pageToken }, options);
      const items = wanted.readMask === undefined ? page.instruments.map(known) : page.instruments;
      return { items, nextPageToken: page.nextPageToken };
    });
  }

  /** The links that begin or end at an instrument (undefined: all), of one type where it is given. */
  links(id?: AnyId, type?: LinkType, options: ReadOptions = {}): AsyncGenerator<Link, void, void> {
    const { minRevision } = options;
    const instrumentId = id && idText(id);
    return paged(async (pageToken) => {
      const page = await this.client.listLinks({ instrumentId, type, pageSize: PAGE_SIZE, pageToken, minRevision }, options);
      return { items: page.links, nextPageToken: page.nextPageToken };
    });
  }

  /** Everywhere that an instrument is listed now, its own venue first. */
  async findVenues(id: AnyId, options: ReadOptions = {}): Promise<VenueListing[]> {
    const { minRevision } = options;
    return (await explained(this.client.findVenues({ instrumentId: idText(id), minRevision }, options))).listings;
  }

  /** Adds an instrument, or answers the one that is there when all its data is the same; else INSTRUMENT_CONFLICT. */
  async register(
    instrument: InstrumentInit,
    options: WriteOptions = {},
  ): Promise<{ instrument: Instrument; created: boolean }> {
    const { requestId } = options;
    const answer = await this.written(this.client.registerInstrument({ instrument, requestId }, options));
    return { instrument: known(answer.instrument), created: answer.created };
  }

  /** Adds many; one outcome each, in order. A refusal is in its outcome, not thrown. */
  async registerMany(instruments: readonly InstrumentInit[], options?: CallOptions): Promise<RegistrationOutcome[]> {
    const outcomes: RegistrationOutcome[] = [];
    for (const part of chunks(instruments, BATCH_REGISTER)) {
      const call = this.client.batchRegisterInstruments({ instruments: [...part] }, options);
      outcomes.push(...(await this.written(call)).outcomes);
    }
    return outcomes;
  }

  /** Changes the instrument that `id` or `idText` names: in place, or from `effectiveTime` on. */
  async update(
    instrument: InstrumentInit,
    options: UpdateOptions & { effectiveTime?: Date } = {},
  ): Promise<Instrument> {
    const { fields, expectedRevision, effectiveTime, requestId = newRequestId() } = options;
    const request = {
      instrument,
      updateMask: fields && { paths: [...fields] },
      expectedRevision,
      effectiveTime: effectiveTime && timestampFromDate(effectiveTime),
      requestId,
    };
    return known((await this.written(this.client.updateInstrument(request, options))).instrument);
  }

  /** Ends an instrument's life, now or at `time`; its id is never given again. */
  async delist(id: AnyId, options: ChangeOptions & { time?: Date } = {}): Promise<Instrument> {
    const { time, expectedRevision, requestId = newRequestId() } = options;
    const request = { id: idText(id), time: time && timestampFromDate(time), expectedRevision, requestId };
    return known((await this.written(this.client.delistInstrument(request, options))).instrument);
  }

  /** Adds the typed link from one instrument to another, or answers the one that is there. */
  async link(
    from: AnyId,
    to: AnyId,
    type: LinkType,
    options: WriteOptions = {},
  ): Promise<{ link: Link; created: boolean }> {
    const link = { from: idMessage(from), to: idMessage(to), type };
    const { requestId } = options;
    const answer = await this.written(this.client.linkInstruments({ link, requestId }, options));
    return { link: present(answer.link, "a link"), created: answer.created };
  }

  /**
   * Takes a link away again; whether it was there. What an instrument or a synthetic says itself is changed there:
   * LINK_STATED_BY_DATA.
   */
  async unlink(from: AnyId, to: AnyId, type: LinkType, options: ChangeOptions = {}): Promise<boolean> {
    const link = { from: idMessage(from), to: idMessage(to), type };
    const { expectedRevision, requestId = newRequestId() } = options;
    return (await this.written(this.client.unlinkInstruments({ link, expectedRevision, requestId }, options))).removed;
  }

  /**
   * Every change that is wanted, in order, each once, and bookmarks that say how far the stream is. It reconnects by
   * itself; it throws when the registry no longer has the changes from there on (REVISION_COMPACTED).
   */
  async *watch(
    wanted: MessageInitShape<typeof WatchRegistryRequestSchema> = {},
    options: Pick<CallOptions, "signal"> = {},
  ): AsyncGenerator<WatchRegistryResponse, void, void> {
    const request = create(Watched, wanted);
    const left = new AbortController(); // the caller has had enough: the stream ends with the loop
    const signal = AbortSignal.any([left.signal, this.closing, ...(options.signal ? [options.signal] : [])]);
    const backoff = new Backoff();
    try {
      while (!signal.aborted) {
        try {
          for await (const event of this.client.watchRegistry(request, { signal, timeoutMs: 0 })) {
            backoff.reset();
            if (event.revision > request.fromRevision) request.fromRevision = event.revision;
            yield event;
          }
        } catch (error) {
          const failure = explain(error);
          if (signal.aborted) return;
          if (!isTransient(failure)) throw failure;
        }
        await backoff.wait(signal);
      }
    } finally {
      left.abort();
    }
  }
}

function isIds(wanted: readonly AnyId[] | RecordFilter): wanted is readonly AnyId[] {
  return Array.isArray(wanted);
}

function recordsOf(frame: Uint8Array): Rows<"InstrumentRecord"> {
  if (frame.length === 0) return Rows.joined("InstrumentRecord", []);
  return Frame.parse(frame, { checksum: false }).rows("InstrumentRecord");
}
