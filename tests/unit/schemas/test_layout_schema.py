"""What the layout generator refuses, and how it spells names."""

import copy
from typing import Any

import pytest

from layoutgen import names
from layoutgen.schema import SchemaError, parse


def scalar(name: str, field_id: int, base: str, offset: int) -> dict[str, Any]:
    return {
        "name": name,
        "id": field_id,
        "offset": offset,
        "type": {"base_type": base, "index": -1},
    }


def enum(name: str, *values: dict[str, Any], base: str = "UByte") -> dict[str, Any]:
    return {
        "name": f"alphapulse_fbs.{name}",
        "underlying_type": {"base_type": base},
        "values": list(values),
    }


# One struct of 16 bytes, its table of rows, and the union that carries it as TRADE.
SCHEMA: dict[str, Any] = {
    "file_ident": "APF1",
    "objects": [
        {
            "name": "alphapulse_fbs.Trade",
            "is_struct": True,
            "bytesize": 16,
            "minalign": 8,
            "documentation": [" One trade. 16 bytes."],
            "fields": [scalar("price", 0, "Long", 0), scalar("size", 1, "ULong", 8)],
        },
        {
            "name": "alphapulse_fbs.TradeRows",
            "is_struct": False,
            "fields": [{"name": "rows", "offset": 4, "type": {"base_type": "Vector", "index": 0}}],
        },
    ],
    "enums": [
        enum("MessageType", {"name": "NONE", "value": 0}, {"name": "TRADE", "value": 1}),
        enum(
            "Records",
            {"name": "NONE", "value": 0},
            {
                "name": "TradeRows",
                "value": 1,
                "union_type": {"base_type": "Obj", "index": 1},
                "attributes": [{"key": "message_type", "value": "TRADE"}],
            },
            base="UType",
        ),
    ],
}


@pytest.fixture
def raw() -> dict[str, Any]:
    return copy.deepcopy(SCHEMA)


def test_a_sound_schema_is_read(raw: dict[str, Any]) -> None:
    schema = parse(raw)
    (record,) = schema.records
    assert record.struct is not None
    assert (record.table, record.member, record.domain) == ("TradeRows", 1, "MARKET_DATA")
    assert [(f.name, f.type_name, f.offset) for f in record.struct.fields] == [
        ("price", "i64", 0),
        ("size", "u64", 8),
    ]


def test_padding_between_fields_is_refused(raw: dict[str, Any]) -> None:
    raw["objects"][0]["fields"][0]["type"]["base_type"] = "Int"
    with pytest.raises(SchemaError, match=r"Trade\.size: 4 bytes of hidden padding"):
        parse(raw)


def test_padding_at_the_end_is_refused(raw: dict[str, Any]) -> None:
    raw["objects"][0]["fields"][1]["type"]["base_type"] = "UShort"
    with pytest.raises(SchemaError, match="Trade: 6 bytes of hidden padding at the end"):
        parse(raw)


def test_a_comment_that_states_another_size_is_refused(raw: dict[str, Any]) -> None:
    raw["objects"][0]["documentation"] = [" One trade. 24 bytes."]
    with pytest.raises(SchemaError, match="Trade: 16 bytes, but its comment says 24"):
        parse(raw)


def test_what_is_no_integer_is_refused(raw: dict[str, Any]) -> None:
    raw["objects"][0]["fields"][0]["type"]["base_type"] = "Double"
    with pytest.raises(SchemaError, match=r"Trade\.price: Double"):
        parse(raw)


def test_a_message_type_without_rows_is_refused(raw: dict[str, Any]) -> None:
    raw["enums"][0]["values"].append({"name": "QUOTE", "value": 2})
    with pytest.raises(SchemaError, match=r"without a member of Records: \['QUOTE'\]"):
        parse(raw)


def test_rows_of_an_unknown_message_type_are_refused(raw: dict[str, Any]) -> None:
    raw["enums"][1]["values"][1]["attributes"][0]["value"] = "TRADES"
    with pytest.raises(SchemaError, match="TradeRows: unknown message type 'TRADES'"):
        parse(raw)


@pytest.mark.parametrize(
    ("name", "snake", "constant"),
    [
        ("BookLevel", "book_level", "BOOK_LEVEL"),
        ("DeFiSignal", "de_fi_signal", "DEFI_SIGNAL"),
        ("UInt128", "u_int128", "UINT128"),
        ("Layer2ParamsTlv", "layer2_params_tlv", "LAYER2_PARAMS_TLV"),
    ],
)
def test_names_of_structs(name: str, snake: str, constant: str) -> None:
    assert names.snake(name) == snake
    assert names.constant(name) == constant


def test_names_of_fields() -> None:
    assert names.pascal("exchange_time") == "ExchangeTime"
    assert names.pascal("volume_24h") == "Volume24h"
