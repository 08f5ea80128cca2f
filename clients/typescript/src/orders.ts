/** Orders: submitted, canceled, looked up. Prices and quantities are decimal text. */
import { ExecutionService } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
import type { Fill, Order, OrderStatus, OrderType, Side, TimeInForce } from "@alphapulse/gen/alphapulse/execution/v1/execution_pb";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { Code, explained, MeshError } from "./errors.js";
import { idText, type AnyId } from "./identity.js";
import type { CallOptions } from "./mesh.js";
import { newRequestId, paged, PAGE_SIZE } from "./registry-calls.js";

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

/** Narrows `list`; an empty one passes everything. */
export interface OrderFilter {
  accountId?: number;
  strategyId?: number;
  instrument?: AnyId;
  status?: OrderStatus;
  openOnly?: boolean;
}

/** Calls of execution; they are made again while it is unavailable: a request id makes that one order. */
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

  /** The orders that pass the filter, newest first; it pages by itself. */
  list({ instrument, ...filter }: OrderFilter = {}, options?: CallOptions): AsyncGenerator<Order, void, void> {
    const instrumentId = instrument && idText(instrument);
    return paged(async (pageToken) => {
      const page = await this.#client.listOrders({ ...filter, instrumentId, pageSize: PAGE_SIZE, pageToken }, options);
      return { items: page.orders, nextPageToken: page.nextPageToken };
    });
  }

  /** The fills of an order (execution's own number), or all of them, newest first; it pages by itself. */
  fills(orderId?: bigint, options?: CallOptions): AsyncGenerator<Fill, void, void> {
    return paged(async (pageToken) => {
      const page = await this.#client.listFills({ orderId, pageSize: PAGE_SIZE, pageToken }, options);
      return { items: page.fills, nextPageToken: page.nextPageToken };
    });
  }
}

function named(order: OrderRef) {
  return typeof order === "bigint" ? { orderId: order } : order;
}

function present(order: Order | undefined): Order {
  if (order !== undefined) return order;
  throw new MeshError(Code.Internal, "INTERNAL", "execution answered without an order");
}
