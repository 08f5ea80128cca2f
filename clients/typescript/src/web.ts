/** The client in browsers: the same mesh over gRPC-Web. Nothing here needs Node. */
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { retrying } from "./backoff.js";
import { CALL_TIMEOUT_MS, Mesh } from "./mesh.js";

export { AssetType, MessageType, SourceType, TlvType, VenueId } from "@alphapulse/gen/fbs";
export {
  EventKind, InstrumentStatus, LinkType, RouteSide, RouteUrgency, VenueKind, VenueStatus,
} from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";
export { OrderStatus, OrderType, Side, TimeInForce } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
export type { Fill, Order } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
export { Code, FrameError, isReason, MeshError, type Reason } from "./errors.js";
export type { Batch, Domain, FeedOptions, Gap, GapReason } from "./feed.js";
export { Frame, type Cause } from "./frame.js";
export * from "./identity.js";
export { Mesh, type CallOptions } from "./mesh.js";
export type { NewOrder, OrderFilter, OrderRef, Orders } from "./orders.js";
export { AmbiguousInstrument } from "./registry.js";
export type { InstrumentFilter, InstrumentKey, RecordBatch, RecordFilter, Registry } from "./registry.js";
export type { Instrument, ReadOptions, UpdateOptions, WriteOptions } from "./registry-calls.js";
export type { Formula } from "./registry-synthetics.js";
export { childOf, encode, newContext, type FrameContext, type FrameParts } from "./encode.js";
export { Rows, type Row, type RowInit, type StructName } from "./rows.js";
export { encodeTlvs, parseTlvs, tlvOf, type Tlv, type TlvName } from "./tlv.js";
export type { ProducerGap, Publisher, PublisherOptions, Rejection } from "./publisher.js";

/** The mesh behind a gateway that speaks gRPC-Web, e.g. "https://mesh.example.com". */
export function connectWeb(baseUrl: string): Mesh {
  return new Mesh(createGrpcWebTransport({ baseUrl, defaultTimeoutMs: CALL_TIMEOUT_MS, interceptors: [retrying] }));
}
