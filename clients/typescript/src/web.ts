/** The client in browsers: the same mesh over gRPC-Web. Nothing here needs Node. */
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { CALL_TIMEOUT_MS, Mesh } from "./mesh.js";

export { AssetType, MessageType, SourceType, VenueId } from "@alphapulse/gen/fbs";
export { OrderStatus, OrderType, Side, TimeInForce } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
export type { Fill, Order } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
export { Code, FrameError, isReason, MeshError } from "./errors.js";
export type { Batch, Domain, FeedOptions, Gap } from "./feed.js";
export { Frame, type Tlv } from "./frame.js";
export * from "./identity.js";
export { Mesh, type CallOptions } from "./mesh.js";
export type { NewOrder, OrderRef, Orders } from "./orders.js";
export type { Instrument, InstrumentFilter, InstrumentKey, Registry } from "./registry.js";
export { Rows, type Row, type StructName } from "./rows.js";

/** The mesh behind a gateway that speaks gRPC-Web, e.g. "https://mesh.example.com". */
export function connectWeb(baseUrl: string): Mesh {
  return new Mesh(createGrpcWebTransport({ baseUrl, defaultTimeoutMs: CALL_TIMEOUT_MS }));
}
