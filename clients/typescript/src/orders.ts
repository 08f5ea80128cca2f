/** Orders: submitted, canceled, looked up. Prices and quantities are decimal text. */
import { ExecutionService } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
import type { Fill, Order, OrderType, Side, TimeInForce } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient, type Client, type Transport } from "@connectrpc/connect";
import { bytesToHex } from "@noble/hashes/utils.js";

import { Code, explained, MeshError } from "./errors.js";
import { idText, type AnyId } from "./identity.js";
import type { CallOptions } from "./mesh.js";

/** What to trade. */
export interface NewOrder {
  instrument: AnyId;
  side: Side;
  quantity: string;
  /** Left out for a market order. */
  price?: string;
  stopPrice?: string;
  /** LIMIT when a price is given, else MARKET. */
  orderType?: OrderType;
  /** GTC when not given. */
  timeInForce?: TimeInForce;
  /** For GTD. */
  expiresAt?: Date;
  /** Unique per account; execution chooses one when not given. */
  clientOrderId?: bigint;
  accountId?: number;
  strategyId?: number;
  postOnly?: boolean;
  reduceOnly?: boolean;
  /** Submitting again with the same one is the same order; a new one when not given. */
  requestId?: string;
}

/** Execution's own number, or an account's number of it. */
export type OrderRef = bigint | { clientOrderId: bigint; accountId?: number };

export class Orders {
  readonly #client: Client<typeof ExecutionService>;

  constructor(transport: Transport) {
    this.#client = createClient(ExecutionService, transport);
  }

  /** Places an order. One that validation, risk or the venue refused has the status REJECTED and a reason. */
  async submit({ instrument, expiresAt, ...order }: NewOrder, options?: CallOptions): Promise<Order> {
    const request = {
      ...order,
      instrumentId: idText(instrument),
      expiresAt: expiresAt && timestampFromDate(expiresAt),
      requestId: order.requestId ?? newRequestId(),
    };
    return present((await explained(this.#client.submitOrder(request, options))).order);
  }

  /** Asks for the cancelation of a working order. */
  async cancel(order: OrderRef, options?: CallOptions): Promise<Order> {
    return present((await explained(this.#client.cancelOrder(named(order), options))).order);
  }

  /** An order and its fills, oldest first. */
  async get(order: OrderRef, options?: CallOptions): Promise<{ order: Order; fills: Fill[] }> {
    const answer = await explained(this.#client.getOrder(named(order), options));
    return { order: present(answer.order), fills: answer.fills };
  }
}

/** 128 random bits; browsers have randomUUID on secure pages only. */
function newRequestId(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
}

function named(order: OrderRef) {
  return typeof order === "bigint" ? { orderId: order } : order;
}

function present(order: Order | undefined): Order {
  if (order !== undefined) return order;
  throw new MeshError(Code.Internal, "INTERNAL", "execution answered without an order");
}
