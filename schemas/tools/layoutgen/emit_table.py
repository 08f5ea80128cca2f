"""The size-and-offset table that pins every layout: schemas/layout.csv.

One line a field, in the order of the bytes; a line without field and type gives the whole struct.
"""

from layoutgen.schema import Schema


def emit(schema: Schema) -> dict[str, str]:
    lines = ["struct,field,type,offset,size"]
    for struct in schema.structs:
        lines.append(f"{struct.name},,,0,{struct.size}")
        lines += [
            f"{struct.name},{f.name},{f.type_name},{f.offset},{f.size}" for f in struct.fields
        ]
    return {"layout.csv": "\n".join(lines) + "\n"}
