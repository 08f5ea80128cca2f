package dev.alphapulse.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import alphapulse_fbs.CustomRows;
import alphapulse_fbs.Frame;
import com.google.flatbuffers.BaseVector;
import com.google.flatbuffers.Struct;
import com.google.flatbuffers.Table;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The golden frames read in Java: through flatc's accessors and in place by the offsets of
 * schemas/layout.csv, both compared with the manifest.
 */
class GoldenFramesTest {
  private static final Path SCHEMAS = Path.of("../../schemas");
  private static final HexFormat HEX = HexFormat.of();

  /** One line of schemas/layout.csv. */
  private record Place(String type, int offset, int size) {}

  /** Struct name to its fields in order; the field "" is the whole struct. */
  private static final Map<String, Map<String, Place>> LAYOUTS = layouts();

  private static Map<String, Map<String, Place>> layouts() {
    Map<String, Map<String, Place>> found = new LinkedHashMap<>();
    try {
      List<String> lines = Files.readAllLines(SCHEMAS.resolve("layout.csv"));
      for (String line : lines.subList(1, lines.size())) {
        String[] c = line.split(",");
        found
            .computeIfAbsent(c[0], name -> new LinkedHashMap<>())
            .put(c[1], new Place(c[2], Integer.parseInt(c[3]), Integer.parseInt(c[4])));
      }
    } catch (IOException e) {
      throw new IllegalStateException("no table of layouts", e);
    }
    return found;
  }

  static Stream<JsonObject> manifest() throws IOException {
    String text = Files.readString(SCHEMAS.resolve("golden/manifest.json"));
    JsonArray frames = JsonParser.parseString(text).getAsJsonObject().getAsJsonArray("frames");
    return frames.asList().stream().map(JsonElement::getAsJsonObject);
  }

  static Stream<JsonObject> frames() throws IOException {
    return manifest().filter(e -> e.get("frame").getAsBoolean());
  }

  private static byte[] golden(JsonObject entry) throws IOException {
    return Files.readAllBytes(SCHEMAS.resolve("golden").resolve(entry.get("file").getAsString()));
  }

  private static ByteBuffer view(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @ParameterizedTest
  @MethodSource("frames")
  void everyFieldOfEveryFrameIsWhatTheManifestSays(JsonObject entry) throws Exception {
    byte[] bytes = golden(entry);
    assertEquals(entry.get("size").getAsInt(), bytes.length);
    assertTrue(Frame.FrameBufferHasIdentifier(view(bytes)));
    Frame frame = Frame.getRootAsFrame(view(bytes));
    assertEquals(entry.get("header"), accessed("FrameHeader", frame.header()));
    JsonObject context = accessed("FrameContext", frame.context()).getAsJsonObject();
    for (var expected : entry.getAsJsonObject("context").entrySet()) {
      assertEquals(expected.getValue(), context.get(expected.getKey()), expected.getKey());
    }
    assertEquals(entry.get("member").getAsInt(), frame.recordsType());
    byte[] extensions = new byte[frame.extensionsLength()];
    frame.extensionsAsByteBuffer().get(extensions);
    assertEquals(entry.get("extensions").getAsString(), HEX.formatHex(extensions));
    assertEquals(tlvs(entry), walk(extensions));
    if (entry.get("custom").isJsonObject()) {
      custom(entry.getAsJsonObject("custom"), (CustomRows) frame.records(new CustomRows()));
      return;
    }
    String record = entry.get("record").getAsString();
    Class<?> type = Class.forName("alphapulse_fbs." + entry.get("table").getAsString());
    Table table = frame.records((Table) type.getConstructor().newInstance());
    BaseVector vector = (BaseVector) type.getMethod("rowsVector").invoke(table);
    JsonArray byAccessors = new JsonArray();
    JsonArray inPlace = new JsonArray();
    int first = -1;
    for (int i = 0; i < vector.length(); i++) {
      Struct row = (Struct) type.getMethod("rows", int.class).invoke(table, i);
      first = i == 0 ? position(row) : first;
      assertEquals(first + i * entry.get("stride").getAsInt(), position(row), "stride");
      byAccessors.add(accessed(record, row));
      inPlace.add(inPlace(record, view(bytes), position(row)));
    }
    assertEquals(entry.get("rows"), byAccessors);
    assertEquals(entry.get("rows"), inPlace);
  }

  @Test
  void rowsOutsideAFrameAreReadInPlace() throws Exception {
    List<JsonObject> entries = manifest().filter(e -> !e.get("frame").getAsBoolean()).toList();
    assertEquals(1, entries.size());
    for (JsonObject entry : entries) {
      ByteBuffer bytes = view(golden(entry));
      JsonArray rows = new JsonArray();
      for (int at = 0; at < bytes.capacity(); at += entry.get("stride").getAsInt()) {
        rows.add(inPlace(entry.get("record").getAsString(), bytes, at));
      }
      assertEquals(entry.get("rows"), rows);
    }
  }

  @ParameterizedTest
  @MethodSource("frames")
  void theChecksumCoversAllButSequenceAndChecksum(JsonObject entry) throws Exception {
    byte[] bytes = golden(entry);
    int header = position(Frame.getRootAsFrame(view(bytes)).header());
    for (String field : List.of("checksum", "sequence")) {
      Place place = LAYOUTS.get("FrameHeader").get(field);
      int from = header + place.offset();
      Arrays.fill(bytes, from, from + place.size(), (byte) 0);
    }
    CRC32 crc = new CRC32();
    crc.update(bytes);
    assertEquals(entry.getAsJsonObject("header").get("checksum").getAsLong(), crc.getValue());
  }

  private static void custom(JsonObject expected, CustomRows rows) {
    assertEquals(expected.get("stride").getAsLong(), rows.stride());
    assertEquals(
        expected.get("schema_hash").getAsString(), Long.toUnsignedString(rows.schemaHash()));
    byte[] data = new byte[rows.dataLength()];
    rows.dataAsByteBuffer().get(data);
    assertEquals(expected.get("data").getAsString(), HEX.formatHex(data));
  }

  private static List<List<Object>> walk(byte[] extensions) {
    List<List<Object>> found = new ArrayList<>();
    for (int at = 0; at < extensions.length; ) {
      int length = Byte.toUnsignedInt(extensions[at + 1]);
      int end = at + 2 + length;
      assertTrue(end <= extensions.length, "truncated");
      found.add(
          List.of(Byte.toUnsignedInt(extensions[at]), HEX.formatHex(extensions, at + 2, end)));
      at = end;
    }
    return found;
  }

  private static List<List<Object>> tlvs(JsonObject entry) {
    List<List<Object>> expected = new ArrayList<>();
    for (JsonElement tlv : entry.getAsJsonArray("tlvs")) {
      JsonObject t = tlv.getAsJsonObject();
      expected.add(List.of(t.get("type").getAsInt(), t.get("bytes").getAsString()));
    }
    return expected;
  }

  /** As the manifest prints a struct, read through flatc's accessors. */
  private static JsonElement accessed(String name, Struct object) throws Exception {
    Map<String, Place> fields = LAYOUTS.get(name);
    if (isRun(name)) {
      return run(name, (ByteBuffer) hidden(object, "bb"), position(object), fields.get("").size());
    }
    JsonObject row = new JsonObject();
    for (var field : fields.entrySet()) {
      if (field.getKey().isEmpty()) {
        continue;
      }
      Object value = object.getClass().getMethod(camel(field.getKey())).invoke(object);
      String type = field.getValue().type();
      row.add(
          field.getKey(),
          LAYOUTS.containsKey(type) ? accessed(type, (Struct) value) : number(value, type));
    }
    return row;
  }

  /** As the manifest prints a struct, read by the offsets of the table. */
  private static JsonElement inPlace(String name, ByteBuffer bytes, int at) {
    Map<String, Place> fields = LAYOUTS.get(name);
    if (isRun(name)) {
      return run(name, bytes, at, fields.get("").size());
    }
    JsonObject row = new JsonObject();
    for (var field : fields.entrySet()) {
      Place place = field.getValue();
      if (field.getKey().isEmpty()) {
        continue;
      }
      int from = at + place.offset();
      row.add(
          field.getKey(),
          LAYOUTS.containsKey(place.type())
              ? inPlace(place.type(), bytes, from)
              : scalar(bytes, from, place.type()));
    }
    return row;
  }

  private static JsonElement scalar(ByteBuffer bytes, int at, String type) {
    Object value =
        switch (type.substring(type.indexOf(':') + 1)) {
          case "u8" -> Byte.toUnsignedInt(bytes.get(at));
          case "i8" -> (int) bytes.get(at);
          case "u16" -> Short.toUnsignedInt(bytes.getShort(at));
          case "i16" -> (int) bytes.getShort(at);
          case "u32" -> Integer.toUnsignedLong(bytes.getInt(at));
          case "i32" -> bytes.getInt(at);
          case "u64", "i64" -> bytes.getLong(at);
          default -> throw new IllegalArgumentException(type);
        };
    return number(value, type);
  }

  /** 64-bit numbers as text, unsigned ones as such. */
  private static JsonElement number(Object value, String type) {
    long number = ((Number) value).longValue();
    if (type.endsWith("u64")) {
      return new JsonPrimitive(Long.toUnsignedString(number));
    }
    return type.endsWith("i64")
        ? new JsonPrimitive(Long.toString(number))
        : new JsonPrimitive(number);
  }

  /** A struct that is a run of bytes: its fields are the words w0, w1, ... */
  private static boolean isRun(String name) {
    return LAYOUTS.get(name).containsKey("w0");
  }

  private static JsonElement run(String name, ByteBuffer bytes, int at, int size) {
    byte[] raw = new byte[size];
    bytes.get(at, raw);
    if (!name.startsWith("Text")) {
      return new JsonPrimitive(HEX.formatHex(raw));
    }
    int end = 0;
    while (end < size && raw[end] != 0) {
      end++;
    }
    return new JsonPrimitive(new String(raw, 0, end, StandardCharsets.US_ASCII));
  }

  /** Where a struct lies in its buffer. */
  private static int position(Struct object) throws ReflectiveOperationException {
    return (Integer) hidden(object, "bb_pos");
  }

  /** The runtime keeps a struct's buffer and place protected. */
  private static Object hidden(Struct object, String name) throws ReflectiveOperationException {
    Field field = Struct.class.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(object);
  }

  private static String camel(String field) {
    StringBuilder spelled = new StringBuilder();
    for (String part : field.split("_")) {
      spelled.append(
          spelled.isEmpty() ? part : Character.toUpperCase(part.charAt(0)) + part.substring(1));
    }
    return spelled.toString();
  }
}
