#!/usr/bin/python3 -B
"""What was once on a disk or a wire keeps its meaning: landed.py SET LIST [--update]

SET is protoc's descriptor set, LIST what has landed: a line for each field and each value of an
enum. A line of the list that the set no longer has the same way is an error, unless its number is
reserved now: a number is never used again, a field never becomes another type or name. What is new
is told, and written with --update."""

import sys

from google.protobuf import descriptor_pb2

FIELD = descriptor_pb2.FieldDescriptorProto


def lines_of_message(prefix, message, reserved):
    name = f"{prefix}.{message.name}"
    for span in message.reserved_range:
        reserved.update(f"{name} {number}" for number in range(span.start, span.end))
    for field in message.field:
        kind = FIELD.Type.Name(field.type)[5:].lower() + field.type_name
        many = "repeated " if field.label == FIELD.LABEL_REPEATED else ""
        choice = (f" oneof {message.oneof_decl[field.oneof_index].name}"
                  if field.HasField("oneof_index") else "")
        yield f"{name} {field.number}", f"{many}{kind} {field.name}{choice}"
    for inner in message.nested_type:
        yield from lines_of_message(name, inner, reserved)
    for enum in message.enum_type:
        yield from lines_of_enum(name, enum, reserved)


def lines_of_enum(prefix, enum, reserved):
    name = f"{prefix}.{enum.name}"
    for span in enum.reserved_range:
        reserved.update(f"{name} {number}" for number in range(span.start, span.end + 1))
    for value in enum.value:
        yield f"{name} {value.number}", value.name


def read_set(path):
    files, lines, reserved = descriptor_pb2.FileDescriptorSet(), {}, set()
    with open(path, "rb") as file:
        files.ParseFromString(file.read())
    for file in files.file:
        if file.package == "binglian.v1":
            for message in file.message_type:
                lines.update(lines_of_message("", message, reserved))
            for enum in file.enum_type:
                lines.update(lines_of_enum("", enum, reserved))
    return lines, reserved


def read_list(path):
    try:
        with open(path, encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(": ", 1) for line in file)
    except FileNotFoundError:
        return {}


def main():
    lines, reserved = read_set(sys.argv[1])
    landed = read_list(sys.argv[2])
    wrong = {key: was for key, was in landed.items()
             if lines.get(key) != was and not (key in reserved and key not in lines)}
    for key, was in wrong.items():
        print(f"{key}: was '{was}', is '{lines.get(key, 'gone, and not reserved')}'")
    again = [key for key in lines if key in reserved]
    for key in again:
        print(f"{key}: is reserved, and used")
    fresh = [key for key in lines if key not in landed]
    if "--update" in sys.argv and not wrong:
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.writelines(f"{key}: {text}\n" for key, text in {**landed, **lines}.items())
    elif fresh:
        print(f"{len(fresh)} new since the list was written (--update adds them): "
              f"{', '.join(fresh[:5])}")
    print(f"{len(landed)} landed fields and values, {len(wrong) + len(again)} changed")
    return 1 if wrong or again or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
