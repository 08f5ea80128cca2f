/** Venues: what they are, cost and measure, when they are open, and where an order goes. */
import type {
  GetSessionsResponse,
  GetVenueMetricsResponse,
  QuoteFeesResponse,
  RouteOrderRequestSchema,
  RouteOrderResponse,
  Venue,
  VenueMetricSchema,
  VenueSchema,
} from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { explained } from "./errors.js";
import type { CallOptions } from "./mesh.js";
import {
  newRequestId, paged, PAGE_SIZE, present, RegistryCalls,
  type ChangeOptions, type ReadOptions, type UpdateOptions, type WriteOptions,
} from "./registry-calls.js";

type VenueInit = MessageInitShape<typeof VenueSchema>;

export class VenueCalls extends RegistryCalls {
  /** One venue by number, name or MIC. */
  async venue(key: string | number, options: ReadOptions = {}): Promise<Venue> {
    const { minRevision } = options;
    return present((await explained(this.client.getVenue({ key: String(key), minRevision }, options))).venue, "a venue");
  }

  /** All venues by number. */
  venues(options: ReadOptions = {}): AsyncGenerator<Venue, void, void> {
    const { minRevision } = options;
    return paged(async (pageToken) => {
      const page = await this.client.listVenues({ pageSize: PAGE_SIZE, pageToken, minRevision }, options);
      return { items: page.venues, nextPageToken: page.nextPageToken };
    });
  }

  /** Adds a venue, or answers the one that is there when all its data is the same; number 0 asks for one. */
  async registerVenue(venue: VenueInit, options: WriteOptions = {}): Promise<{ venue: Venue; created: boolean }> {
    const { requestId } = options;
    const answer = await this.written(this.client.registerVenue({ venue, requestId }, options));
    return { venue: present(answer.venue, "a venue"), created: answer.created };
  }

  /** Changes the venue of that name (or number): its fees, endpoints and all but number, name and kind. */
  async updateVenue(venue: VenueInit, options: UpdateOptions = {}): Promise<Venue> {
    const { expectedRevision, fields, requestId = newRequestId() } = options;
    const updateMask = fields && { paths: [...fields] };
    const call = this.client.updateVenue({ venue, updateMask, expectedRevision, requestId }, options);
    return present((await this.written(call)).venue, "a venue");
  }

  /** Retires a venue that lists nothing any more (else VENUE_IN_USE); its number is never given again. */
  async retireVenue(key: string | number, options: ChangeOptions = {}): Promise<Venue> {
    const { expectedRevision, requestId = newRequestId() } = options;
    const call = this.client.deleteVenue({ key: String(key), expectedRevision, requestId }, options);
    return present((await this.written(call)).venue, "a venue");
  }

  /** What a trade costs on a venue at the caller's volume of 30 days; decimal text. */
  async quoteFees(
    venue: string | number,
    trade: { volume?: string; notional?: string } = {},
    options: ReadOptions = {},
  ): Promise<QuoteFeesResponse> {
    const { minRevision } = options;
    return explained(this.client.quoteFees({ venue: String(venue), ...trade, minRevision }, options));
  }

  /** Whether a venue trades at a time (now when not given), and when it opens and closes next. */
  async sessions(venue: string | number, at?: Date, options: ReadOptions = {}): Promise<GetSessionsResponse> {
    const { minRevision } = options;
    const request = { venue: String(venue), time: at && timestampFromDate(at), minRevision };
    return explained(this.client.getSessions(request, options));
  }

  /**
   * Adds measurements of a venue, at most 1,000, and answers how many are kept of it, in memory; a status that
   * differs from the stored one is a change of the venue. Not made again by itself: said twice they are there twice.
   */
  async reportVenueMetrics(
    venue: string | number,
    metrics: readonly MessageInitShape<typeof VenueMetricSchema>[],
    options?: CallOptions,
  ): Promise<number> {
    const request = { venue: String(venue), metrics: [...metrics] };
    return (await this.written(this.client.reportVenueMetrics(request, options))).kept;
  }

  /** The measurements of a venue from one time on and before another, oldest first, and their summary. */
  async venueMetrics(
    venue: string | number,
    { from, to }: { from?: Date; to?: Date } = {},
    options?: CallOptions,
  ): Promise<GetVenueMetricsResponse> {
    const request = {
      venue: String(venue),
      startTime: from && timestampFromDate(from),
      endTime: to && timestampFromDate(to),
    };
    return explained(this.client.getVenueMetrics(request, options));
  }

  /**
   * The best venue or split for an order, each venue's judgement field by field. Without books the registry
   * takes the live quotes that it follows.
   */
  async route(
    order: MessageInitShape<typeof RouteOrderRequestSchema>,
    options?: CallOptions,
  ): Promise<RouteOrderResponse> {
    return explained(this.client.routeOrder(order, options));
  }
}
