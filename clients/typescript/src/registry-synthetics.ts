/** Synthetics: instruments that a formula makes of others. */
import type { EvaluateSyntheticResponse, Synthetic } from "@alphapulse/gen/alphapulse/registry/v1/registry_pb";

import { explained } from "./errors.js";
import { idText, type AnyId } from "./identity.js";
import {
  idMessage, newRequestId, paged, PAGE_SIZE, present, type ChangeOptions, type ReadOptions,
} from "./registry-calls.js";
import { VenueCalls } from "./registry-venues.js";

/** What defines a synthetic. */
export interface Formula {
  /** The symbol of the synthetic: upper case letters, digits, ".", "-" and "_", at most 32. */
  name: string;
  /** Numbers, aliases, + - * /, parentheses, min, max, abs, sum, avg and wsum(weight, value, …). */
  formula: string;
  /** What the aliases of the formula stand for; they may be synthetics. */
  inputs: Readonly<Record<string, AnyId>>;
  /** For people. */
  title?: string;
  /** What the value is in. */
  quoteCurrency?: string;
}

export class SyntheticCalls extends VenueCalls {
  /** Defines a synthetic, or a new version of it. */
  async defineSynthetic(
    { inputs, ...formula }: Formula,
    options: ChangeOptions = {},
  ): Promise<{ synthetic: Synthetic; changed: boolean }> {
    const { expectedRevision, requestId = newRequestId() } = options;
    const named = Object.entries(inputs).map(([alias, id]) => ({ alias, id: idMessage(id) }));
    const request = { ...formula, inputs: named, expectedRevision, requestId };
    const answer = await this.written(this.client.defineSynthetic(request, options));
    return { synthetic: present(answer.synthetic, "a synthetic"), changed: answer.changed };
  }

  /** A definition by its name, or by the 32 hexadecimal digits of its id. */
  async synthetic(name: string, options: ReadOptions = {}): Promise<Synthetic> {
    const { minRevision } = options;
    const answer = await explained(this.client.getSynthetic({ name, minRevision }, options));
    return present(answer.synthetic, "a synthetic");
  }

  /** The synthetics in the order of their first definition; `madeOf`: itself or through others. */
  synthetics(
    { madeOf, namePrefix }: { madeOf?: AnyId; namePrefix?: string } = {},
    options: ReadOptions = {},
  ): AsyncGenerator<Synthetic, void, void> {
    const { minRevision } = options;
    const instrumentId = madeOf && idText(madeOf);
    return paged(async (pageToken) => {
      const request = { instrumentId, namePrefix, pageSize: PAGE_SIZE, pageToken, minRevision };
      const page = await this.client.listSynthetics(request, options);
      return { items: page.synthetics, nextPageToken: page.nextPageToken };
    });
  }

  /**
   * A synthetic's value for values (decimal text) of what it is made of; synthetics among its inputs are
   * evaluated when they have none.
   */
  async evaluateSynthetic(
    name: string,
    values: Iterable<readonly [AnyId, string]>,
    options: ReadOptions = {},
  ): Promise<EvaluateSyntheticResponse> {
    const { minRevision } = options;
    const request = { name, values: [...values].map(([id, value]) => ({ id: idMessage(id), value })), minRevision };
    return explained(this.client.evaluateSynthetic(request, options));
  }
}
