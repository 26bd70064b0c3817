"""Runs the example in every op's description through tenon-opt, printing and parsing it back.

usage: op-examples.py TENON_OPT LLVM_TBLGEN SOURCE_FOLDER

Examples use values that they don't define. Each such value becomes an argument of a function around the example, of the
type that the op using it spells out.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

OPS = "include/tenon/Dialect/Tenon/IR/TenonOps.td"
VALUE = re.compile(r"%\w+")


def descriptions(tblgen, source):
    """The description of each op by its name, as TableGen knows them."""
    system_include = Path(shutil.which(tblgen)).resolve().parent.parent / "include"
    command = [tblgen, "--dump-json", "-I", source / "include", "-I", system_include, source / OPS]
    records = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ops = [records[name] for name in records["!instanceof"]["Op"]]
    return {"tenon." + op["opName"]: op["description"] for op in ops if op["opDialect"]["def"] == "Tenon_Dialect"}


def split_types(text):
    """The types of a comma separated list; commas within <> or () do not separate."""
    types, depth, current = [], 0, ""
    for character in text:
        depth += (character in "<([") - (character in ">)]")
        if character == "," and depth == 0:
            types.append(current.strip())
            current = ""
        else:
            current += character
    return types + [current.strip()] if current.strip() else types


def closing(text, start):
    """The place of the parenthesis that closes the one at `start`."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    raise ValueError("unbalanced: " + text)


def operand_types(statement):
    """The operands of one op with the type that its text gives each, in order."""
    statement = re.sub(r"\{[^{}]*\}", "", statement)
    kernel = re.match(r"tenon\.kernel\((.*?) : (.*?)\) ->", statement)
    if kernel:
        names, types = kernel.groups()
    elif re.search(r" : \(", statement):
        names, types = statement.split(" : (", 1)
        types = types[: closing("(" + types, 0) - 1]
    elif " : " in statement:
        names, types = re.split(r"\n\s*\}", statement)[0].split(" : ", 1)
    else:
        names, types = statement, ""
    names, types = VALUE.findall(names), split_types(types)
    # Only indices go without a type.
    return list(zip(names, types + ["index"] * (len(names) - len(types))))


def wrapped(example):
    """The example as a module: a function of the values it does not define."""
    lines = example.splitlines()
    declarations = [line for line in lines if line.strip().startswith("func.func private")]
    body = "\n".join(line for line in lines if line not in declarations)
    defined = set(re.findall(r"(%\w+)(?=[^=\n(]*=\s*\n?\s*tenon\.)", body))
    defined.update(name for block in re.findall(r"\^\w+\((.*)\)", body) for name in VALUE.findall(block))
    arguments = {}
    for statement in re.findall(r"tenon\.[a-z_]+(?:(?!\s*(?:%\w+[^\n]*=\s*)?tenon\.)[^^])*", body):
        for name, type in operand_types(statement.strip()):
            if name not in defined:
                arguments.setdefault(name, type)
    signature = ", ".join("{}: {}".format(name, type) for name, type in arguments.items())
    return "\n".join(declarations) + "\nfunc.func @example({}) {{\n{}\n  return\n}}\n".format(signature, body)


def main(tenon_opt, tblgen, source):
    failed = 0
    examples = 0
    for name, description in sorted(descriptions(tblgen, Path(source)).items()):
        found = re.findall(r"```mlir\n(.*?)```", description, re.DOTALL)
        if not any(name + " " in example or name + "(" in example for example in found):
            print("{}: no example".format(name))
            failed += 1
        for example in found:
            examples += 1
            text = wrapped(example)
            command = [tenon_opt, "--verify-roundtrip", "-o", "/dev/null"]
            result = subprocess.run(command, input=text, capture_output=True, text=True)
            if result.returncode:
                print("{}: the example does not parse\n{}{}".format(name, text, result.stderr))
                failed += 1
    print("{} examples, {} failed".format(examples, failed))
    return 1 if failed or not examples else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
