/**
 * FlatBuffers read in place for bytes that nobody vouches for: every offset is checked before it is
 * followed. flatc's accessors, which check nothing, are for bytes that have passed here.
 */
import { FrameError } from "./errors.js";

/** Where a vector lies: its first element and their number; 0 and 0 where it is left out or empty. */
export interface Vector {
  readonly start: number;
  readonly count: number;
}

/** A table whose vtable and inline part lie within the bytes. */
export class Table {
  private constructor(
    private readonly view: DataView,
    /** Byte of the table. */
    readonly position: number,
    private readonly vtable: number,
    private readonly slots: number,
    private readonly size: number,
  ) {}

  /** The table at the root of a buffer with this file identifier. */
  static root(view: DataView, identifier: string): Table {
    const length = view.byteLength;
    if (length < 8) throw new FrameError("FRAME_TRUNCATED", length, "too few bytes for a frame");
    for (let i = 0; i < 4; i++) {
      if (view.getUint8(4 + i) !== identifier.charCodeAt(i)) {
        throw new FrameError("FRAME_BAD_IDENTIFIER", 4, "the file identifier is not that of a frame");
      }
    }
    const position = view.getUint32(0, true);
    if (position < 8) throw new FrameError("FRAME_BAD_OFFSET", 0, "the root points into the first bytes");
    return Table.at(view, position);
  }

  private static at(view: DataView, position: number): Table {
    const length = view.byteLength;
    const within = (end: number, what: string): void => {
      if (end <= length) return;
      throw new FrameError("FRAME_TRUNCATED", Math.min(position, length), `${what} reaches past the end`);
    };
    within(position + 4, "a table");
    if (position % 4 !== 0) throw new FrameError("FRAME_BAD_OFFSET", position, "a table that is not aligned");
    const vtable = position - view.getInt32(position, true);
    if (vtable < 0) throw new FrameError("FRAME_BAD_OFFSET", position, "a vtable before the start");
    within(vtable + 4, "a vtable");
    const [vtableSize, size] = [view.getUint16(vtable, true), view.getUint16(vtable + 2, true)];
    if (vtable % 2 !== 0 || vtableSize % 2 !== 0 || vtableSize < 4 || size < 4) {
      throw new FrameError("FRAME_BAD_OFFSET", vtable, "a vtable that is misaligned or too short");
    }
    within(vtable + vtableSize, "a vtable");
    within(position + size, "a table");
    return new Table(view, position, vtable, (vtableSize - 4) / 2, size);
  }

  /** Byte of a field of `size` bytes; 0 where the builder left it out. */
  field(slot: number, size: number, align: number): number {
    if (slot >= this.slots) return 0;
    const entry = this.vtable + 4 + 2 * slot;
    const offset = this.view.getUint16(entry, true);
    if (offset === 0) return 0;
    const at = this.position + offset;
    if (offset < 4 || offset + size > this.size || at % align !== 0) {
      throw new FrameError("FRAME_BAD_OFFSET", entry, `field ${slot} is misaligned or outside its table`);
    }
    return at;
  }

  /** A field that must be there. */
  required(slot: number, size: number, align: number): number {
    const at = this.field(slot, size, align);
    if (at === 0) throw new FrameError("FRAME_BAD_OFFSET", this.position, `field ${slot} is missing`);
    return at;
  }

  u8(slot: number): number {
    const at = this.field(slot, 1, 1);
    return at === 0 ? 0 : this.view.getUint8(at);
  }

  u32(slot: number): number {
    const at = this.field(slot, 4, 4);
    return at === 0 ? 0 : this.view.getUint32(at, true);
  }

  table(slot: number): Table {
    return Table.at(this.view, this.follow(this.required(slot, 4, 4)));
  }

  vector(slot: number, stride: number, align: number): Vector {
    const field = this.field(slot, 4, 4);
    if (field === 0) return { start: 0, count: 0 };
    const at = this.follow(field);
    const [start, count] = [at + 4, this.view.getUint32(at, true)];
    if (count === 0) return { start: 0, count: 0 };
    if (start % align !== 0) throw new FrameError("FRAME_BAD_OFFSET", at, "a vector that is not aligned");
    if (start + count * stride > this.view.byteLength) {
      throw new FrameError("FRAME_TRUNCATED", at, `a vector of ${count} × ${stride} bytes reaches past the end`);
    }
    return { start, count };
  }

  /** Where the offset at `at` leads; four bytes are there. */
  private follow(at: number): number {
    const offset = this.view.getUint32(at, true);
    const target = at + offset;
    if (target + 4 > this.view.byteLength) {
      throw new FrameError("FRAME_TRUNCATED", at, "an offset leads past the end");
    }
    if (offset === 0 || target % 4 !== 0) {
      throw new FrameError("FRAME_BAD_OFFSET", at, "an offset that is zero or not aligned");
    }
    return target;
  }
}
