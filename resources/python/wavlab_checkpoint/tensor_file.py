# SPDX-License-Identifier: GPL-3.0-or-later
"""The safetensors format, read and written by hand, with the checksums that WAV Lab adds to it.

A file is the header's length (8 bytes, little endian), the header (JSON), and the bytes of all tensors. The header maps
names to {"dtype", "shape", "data_offsets": [begin, end]}, and "__metadata__" to an object of strings.
"""
from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple, Union

import torch
from torch import Tensor

from .errors import CheckpointError

TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_NAMES = {dtype: name for name, dtype in TYPES.items()}
_LENGTH_BYTES = 8
_LARGEST_HEADER = 100_000_000
_CHECKSUMS, _HEADER_CHECKSUM = "checksums", "header_checksum"

if sys.byteorder != "little":
    raise ImportError("wavlab_checkpoint reads little-endian files in place; this machine is big endian")


class TensorEntry(NamedTuple):
    """What the header says of one tensor; begin and end in the data part."""

    name: str
    type: str
    shape: Tuple[int, ...]
    begin: int
    end: int


def _bytes_of(dtype: torch.dtype) -> int:
    return torch.empty((), dtype=dtype).element_size()


def read_tensors(path: Union[str, Path]) -> Tuple[Dict[str, Tensor], Dict[str, str]]:
    """All tensors, on the CPU in their stored types, and the metadata.

    Everything is checked: sizes, types, shapes, offsets, and the SHA-256 of every tensor and of the header that the
    metadata `checksums` and `header_checksum` hold (files without them are accepted). Raises CheckpointError.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _LENGTH_BYTES:
            raise CheckpointError(f"{path}: this is no safetensors file: it is too short")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
            try:
                return _read(view)
            except CheckpointError as error:
                raise CheckpointError(f"{path}: {error}") from None


def read_metadata(path: Union[str, Path]) -> Dict[str, str]:
    """The metadata alone, without reading the tensors; only the header is checked."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            length = _header_length(file.read(_LENGTH_BYTES), size)
            return _parse_header(file.read(length), size - _LENGTH_BYTES - length)[1]
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None


def _read(view: memoryview) -> Tuple[Dict[str, Tensor], Dict[str, str]]:
    start = _LENGTH_BYTES + _header_length(bytes(view[:_LENGTH_BYTES]), len(view))
    entries, metadata = _parse_header(bytes(view[_LENGTH_BYTES:start]), len(view) - start)
    checksums = _string_map(metadata[_CHECKSUMS], "the checksums") if _CHECKSUMS in metadata else {}
    for name in checksums.keys() - {entry.name for entry in entries}:
        raise CheckpointError(f"there is a checksum of '{name}' but no such tensor")
    tensors = {}
    for entry in entries:
        # A copy, so that tensors are aligned, writable and independent of the file.
        data = bytearray(view[start + entry.begin : start + entry.end])
        if entry.name in checksums and hashlib.sha256(data).hexdigest() != checksums[entry.name]:
            raise CheckpointError(f"the bytes of '{entry.name}' do not match their checksum: the file is damaged")
        dtype = TYPES[entry.type]
        flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        tensors[entry.name] = flat.reshape(entry.shape)
    return tensors, metadata


def _header_length(first: bytes, size: int) -> int:
    length = int.from_bytes(first, "little")
    if len(first) < _LENGTH_BYTES or length > min(_LARGEST_HEADER, size - _LENGTH_BYTES):
        raise CheckpointError(f"this is no safetensors file, or it was cut short: its header would have {length} bytes")
    return length


def _parse_header(header: bytes, data_bytes: int) -> Tuple[List[TensorEntry], Dict[str, str]]:
    """Entries in the order of their offsets, which must cover the data without gap or overlap; and the metadata."""
    document = _json_object(header, "the header")
    metadata = _strings(document.pop("__metadata__", {}), "the metadata")
    entries = sorted((_entry(name, value) for name, value in document.items()), key=lambda entry: entry[3:])
    position = 0
    for entry in entries:
        if entry.begin != position or entry.end > data_bytes:
            raise CheckpointError(f"'{entry.name}' does not lie where it must: the file is damaged or was cut short")
        if entry.end - entry.begin != math.prod(entry.shape) * _bytes_of(TYPES[entry.type]):
            raise CheckpointError(f"'{entry.name}' has another size than its shape says")
        position = entry.end
    if position != data_bytes:
        raise CheckpointError(f"{data_bytes - position} bytes at the end belong to no tensor")
    # Who renews or drops `checksums` need not know of the header's own.
    if _CHECKSUMS in metadata and _HEADER_CHECKSUM in metadata:
        if metadata[_HEADER_CHECKSUM] != _header_checksum(entries, metadata):
            raise CheckpointError("the header does not match its checksum: the file is damaged")
    return entries, metadata


def _entry(name: str, value: Any) -> TensorEntry:
    def whole(numbers: Any) -> bool:
        return isinstance(numbers, list) and all(type(number) is int and 0 <= number < 2**63 for number in numbers)

    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"} or not name:
        raise CheckpointError(f"the header's entry of '{name}' is not a type, a shape and two offsets")
    shape, offsets, dtype = value["shape"], value["data_offsets"], value["dtype"]
    if not whole(shape) or not whole(offsets) or len(offsets) != 2 or offsets[0] > offsets[1] or len(shape) > 16:
        raise CheckpointError(f"'{name}' has an impossible shape or offsets")
    if not isinstance(dtype, str) or dtype not in TYPES:
        raise CheckpointError(f"'{name}' is of the type {dtype!r}; known are {', '.join(TYPES)}")
    return TensorEntry(name, dtype, tuple(shape), *offsets)


def _json_object(text: Union[str, bytes], what: str) -> Dict[str, Any]:
    def unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a name stands twice in one object")
        return result

    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        if not decoded.startswith("{"):
            raise ValueError("it does not begin with {")
        return json.loads(decoded, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{what} cannot be read as JSON: {error}") from None


def _strings(value: Any, what: str) -> Dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise CheckpointError(f"{what}: not an object of strings")
    return value


def _string_map(text: str, what: str) -> Dict[str, str]:
    return _strings(_json_object(text, what), what)


def _header_checksum(entries: List[TensorEntry], metadata: Mapping[str, str]) -> str:
    """SHA-256 over metadata (but both checksums), names, types and shapes, each text with its length before it."""
    texts: List[str] = []
    for key in sorted(metadata.keys() - {_CHECKSUMS, _HEADER_CHECKSUM}, key=str.encode):
        texts += [key, metadata[key]]
    for entry in sorted(entries, key=lambda entry: entry.name.encode()):
        texts += [entry.name, entry.type, str(len(entry.shape)), *map(str, entry.shape)]
    digest = hashlib.sha256()
    for text in map(str.encode, texts):
        digest.update(b"%d:" % len(text) + text)
    return digest.hexdigest()


def write_tensors(path: Union[str, Path], tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Writes a file as WAV Lab does, checksums included. It appears complete, by one rename."""
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    entries: List[TensorEntry] = []
    checksums, position = {}, 0
    # Larger elements first keeps every tensor aligned to its own size; then by name.
    for name, tensor in sorted(held.items(), key=lambda item: (-item[1].element_size(), item[0])):
        end = position + tensor.numel() * tensor.element_size()
        entries.append(TensorEntry(name, _NAMES[tensor.dtype], tuple(tensor.shape), position, end))
        checksums[name] = hashlib.sha256(_bytes(tensor)).hexdigest()
        position = end
    complete = {**metadata, _CHECKSUMS: json.dumps(checksums, sort_keys=True)}
    complete[_HEADER_CHECKSUM] = _header_checksum(entries, complete)
    document: Dict[str, Any] = {"__metadata__": dict(sorted(complete.items()))}
    for name, dtype, shape, begin, end in entries:
        document[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    header = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path = Path(path)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(len(header).to_bytes(_LENGTH_BYTES, "little") + header)
            for entry in entries:
                file.write(_bytes(held[entry.name]))
            file.flush()
            os.fsync(file.fileno())
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(file.name, 0o666 & ~mask)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _bytes(tensor: Tensor) -> bytes:
    """The bytes of a contiguous tensor."""
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
