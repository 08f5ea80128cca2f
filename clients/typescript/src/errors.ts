/** Failures: one class over gRPC's codes. Match them by `reason`, never by their text. */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

export { Code };

/** Why something failed: stable and the same in every language. Programs act on these; there are others. */
export type Reason =
  | "ARGUMENT_INVALID" | "MESH_UNREACHABLE"
  | "INSTRUMENT_UNKNOWN" | "INSTRUMENT_AMBIGUOUS" | "INSTRUMENT_CONFLICT" | "INSTRUMENT_NOT_VALID_THEN"
  | "REVISION_CONFLICT" | "REVISION_NOT_REACHED" | "REVISION_COMPACTED" | "REQUEST_ID_REUSED"
  | "LINK_STATED_BY_DATA" | "OPPORTUNITIES_OFF"
  | "VENUE_UNKNOWN" | "VENUE_CONFLICT" | "VENUE_IN_USE" | "VENUE_RETIRED" | "VENUE_FEES_UNKNOWN"
  | "SYNTHETIC_UNKNOWN" | "SYNTHETIC_CYCLE"
  | "SLOW_CONSUMER" | "SEQUENCE_AHEAD" | "TOKEN_FOREIGN" | "TOKEN_INVALID"
  | "PUBLISHER_CLOSED" | "PRODUCER_ID_IN_USE" | "PRODUCER_REPLACED"
  | "DOMAIN_MISMATCH" | "MESSAGE_TYPE_UNKNOWN" | "RELAY_CLOSED_STREAM"
  | (string & {});

/** A failure that the mesh, or this library, explains. */
export class MeshError extends Error {
  override readonly name: string = "MeshError";

  /**
   * @param code gRPC's.
   * @param reason stable and UPPER_SNAKE, e.g. INSTRUMENT_UNKNOWN; the code's name where nobody gave one.
   * @param values explain this one case.
   */
  constructor(
    readonly code: Code,
    readonly reason: Reason,
    message: string,
    readonly values: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(`${reason}: ${message}`, options);
  }
}

/** A frame that cannot be read; `offset` is the byte where that was seen. */
export class FrameError extends MeshError {
  override readonly name = "FrameError";

  constructor(reason: `FRAME_${string}`, readonly offset: number, message: string) {
    super(Code.InvalidArgument, reason, `${message} (byte ${offset})`, { offset: String(offset) });
  }
}

/** Whether this is a failure of the mesh with that reason. */
export function isReason(error: unknown, reason: Reason): error is MeshError {
  return error instanceof MeshError && error.reason === reason;
}

/** What a call threw, as a MeshError with the reason of its google.rpc.ErrorInfo. */
export function explain(error: unknown): MeshError {
  if (error instanceof MeshError) return error;
  const { code, rawMessage, details } = ConnectError.from(error);
  for (const detail of details) {
    if (!("type" in detail) || detail.type !== "google.rpc.ErrorInfo") continue;
    const info = errorInfo(detail.value);
    if (info) return new MeshError(code, info.reason, rawMessage, info.values, { cause: error });
  }
  return new MeshError(code, codeName(code), rawMessage, {}, { cause: error });
}

/** The answer of a call; its error as a MeshError. */
export async function explained<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw explain(error);
  }
}

/** Whether the same call may go through later; what nobody explained may be the connection's doing. */
export function isTransient({ code, reason }: MeshError): boolean {
  switch (code) {
    case Code.Unavailable:
    case Code.Canceled:
    case Code.Internal:
    case Code.ResourceExhausted:
    case Code.DeadlineExceeded:
      return true;
    case Code.Aborted:
    case Code.Unknown:
      return reason === codeName(code);
    default:
      return false;
  }
}

function codeName(code: Code): string {
  if (code === Code.Canceled) return "CANCELLED"; // as gRPC spells it
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

/** google.rpc.ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; } */
function errorInfo(bytes: Uint8Array): { reason: string; values: Record<string, string> } | undefined {
  const info = { reason: "", values: {} as Record<string, string> };
  try {
    for (const [field, value] of fields(bytes)) {
      if (field === 1) info.reason = text(value);
      if (field !== 3) continue;
      const entry = new Map(fields(value));
      info.values[text(entry.get(1))] = text(entry.get(2));
    }
  } catch {
    return undefined; // not ours: the code has to do
  }
  return info.reason ? info : undefined;
}

function* fields(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) yield [reader.tag()[0], reader.bytes()];
}

function text(bytes?: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
