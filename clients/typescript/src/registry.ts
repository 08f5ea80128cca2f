/** The registry: instruments looked up and registered. */
import { RegistryService } from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
import type {
  GetSessionsResponse,
  Instrument as Message,
  InstrumentSchema,
  Link,
  LinkType,
  QuoteFeesResponse,
  SearchInstrumentsRequestSchema,
  Venue,
  VenueListing,
  WatchRegistryRequestSchema,
  WatchRegistryResponse,
} from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { Code, explain, explained, MeshError } from "./errors.js";
import { idBytes, idText, type AnyId, type InstrumentId } from "./identity.js";
import type { CallOptions } from "./mesh.js";

const PAGE_SIZE = 1000;

/** What the registry holds; it has given each one an id. */
export type Instrument = Message & { id: InstrumentId };

/** One way of naming an instrument; `venue` (name, MIC or number) narrows any of them. */
export type InstrumentKey = (
  | { symbol: string; venue: string }
  | { isin: string; venue?: string }
  | { cusip: string; venue?: string }
  | { figi: string; venue?: string }
  | { contractAddress: string; chainId: number; venue?: string }
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
}

export class Registry {
  readonly #client: Client<typeof RegistryService>;

  constructor(transport: Transport) {
    this.#client = createClient(RegistryService, transport);
  }

  /** The one instrument behind a key; INSTRUMENT_AMBIGUOUS where several fit equally well. */
  async resolve(key: InstrumentKey, options?: CallOptions): Promise<Instrument> {
    const { candidates, ambiguous } = await this.candidates(key, options);
    const [found] = candidates;
    if (found === undefined) throw new MeshError(Code.NotFound, "INSTRUMENT_UNKNOWN", "no instrument fits");
    if (ambiguous) {
      throw new MeshError(Code.FailedPrecondition, "INSTRUMENT_AMBIGUOUS", `${candidates.length} instruments fit`);
    }
    return found;
  }

  /** All instruments that fit a key, best first, and whether the choice between them is open. */
  async candidates(
    { asOf, ...key }: InstrumentKey,
    options?: CallOptions,
  ): Promise<{ candidates: Instrument[]; ambiguous: boolean }> {
    const request = { ...key, asOf: asOf && timestampFromDate(asOf) };
    const answer = await explained(this.#client.resolveInstrument(request, options));
    return { candidates: answer.candidates.map(known), ambiguous: answer.ambiguous };
  }

  /** One instrument by its id. */
  async get(id: AnyId, options?: CallOptions): Promise<Instrument> {
    return known((await explained(this.#client.getInstrument({ id: idText(id) }, options))).instrument);
  }

  /** Instruments by their ids, at most 100,000, in order; undefined where one is unknown. */
  async getMany(ids: readonly AnyId[], options?: CallOptions): Promise<(Instrument | undefined)[]> {
    const joined = new Uint8Array(16 * ids.length);
    ids.forEach((id, i) => joined.set(idBytes(id), 16 * i));
    const answer = await explained(this.#client.batchGetInstruments({ ids: joined }, options));
    const missing = new Set(answer.missing);
    return answer.instruments.map((instrument, i) => (missing.has(i) ? undefined : known(instrument)));
  }

  /** Adds an instrument, or answers the one that is there when all its data is the same. */
  async register(
    instrument: MessageInitShape<typeof InstrumentSchema>,
    options?: CallOptions & { requestId?: string },
  ): Promise<{ instrument: Instrument; created: boolean }> {
    const request = { instrument, requestId: options?.requestId };
    const answer = await explained(this.#client.registerInstrument(request, options));
    return { instrument: known(answer.instrument), created: answer.created };
  }

  /** The instruments that pass the filter, in the order of registration; it pages by itself. */
  async *list(filter: InstrumentFilter = {}, options?: CallOptions): AsyncGenerator<Instrument, void, void> {
    let pageToken = "";
    do {
      const request = { ...filter, pageSize: PAGE_SIZE, pageToken };
      const page = await explained(this.#client.listInstruments(request, options));
      yield* page.instruments.map(known);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** The instruments that have the words and pass the filters; it pages by itself. */
  async *search(
    wanted: MessageInitShape<typeof SearchInstrumentsRequestSchema>,
    options?: CallOptions,
  ): AsyncGenerator<Instrument, void, void> {
    let pageToken = "";
    do {
      const request = { pageSize: PAGE_SIZE, ...wanted, pageToken };
      const page = await explained(this.#client.searchInstruments(request, options));
      yield* page.instruments.map(known);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** The links that begin or end at an instrument, of one type where it is given. */
  async *links(id: AnyId, type?: LinkType, options?: CallOptions): AsyncGenerator<Link, void, void> {
    let pageToken = "";
    do {
      const request = { instrumentId: idText(id), type, pageSize: PAGE_SIZE, pageToken };
      const page = await explained(this.#client.listLinks(request, options));
      yield* page.links;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** All venues by number. */
  async *venues(options?: CallOptions): AsyncGenerator<Venue, void, void> {
    let pageToken = "";
    do {
      const page = await explained(this.#client.listVenues({ pageSize: PAGE_SIZE, pageToken }, options));
      yield* page.venues;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** Everywhere that an instrument is listed now, its own venue first. */
  async findVenues(id: AnyId, options?: CallOptions): Promise<VenueListing[]> {
    return (await explained(this.#client.findVenues({ instrumentId: idText(id) }, options))).listings;
  }

  /** What a trade costs on a venue at the caller's volume of 30 days; decimal text. */
  async quoteFees(
    venue: string,
    trade: { volume?: string; notional?: string } = {},
    options?: CallOptions,
  ): Promise<QuoteFeesResponse> {
    return explained(this.#client.quoteFees({ venue, ...trade }, options));
  }

  /** Whether a venue trades at a time (now when not given), and when it opens and closes next. */
  async sessions(venue: string, at?: Date, options?: CallOptions): Promise<GetSessionsResponse> {
    return explained(this.#client.getSessions({ venue, time: at && timestampFromDate(at) }, options));
  }

  /** Every change that is wanted, in order, each once; ask again from the last revision to go on. */
  async *watch(
    wanted: MessageInitShape<typeof WatchRegistryRequestSchema> = {},
    options?: CallOptions,
  ): AsyncGenerator<WatchRegistryResponse, void, void> {
    try {
      yield* this.#client.watchRegistry(wanted, options);
    } catch (error) {
      throw explain(error);
    }
  }
}

function known(instrument: Message | undefined): Instrument {
  if (instrument?.id !== undefined) return instrument as Instrument;
  throw new MeshError(Code.Internal, "INTERNAL", "the registry answered an instrument without an id");
}
