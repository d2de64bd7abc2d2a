"""Values of any type as plain text: what a join compares and what a composed note shows.

A whole number is written without decimals whatever its type, white space around a string goes, and a string of nothing
else is no value.
"""

import polars as pl
import pyarrow as pa

# How pandas writes integers of a column in which some are missing.
FLOAT_WRITTEN = r"^-?\d+\.0$"


def text_expression(name: str, dtype: pl.DataType, is_float_written: bool = False) -> pl.Expr:
    """The column as text.

    Args:
        name: of the column.
        dtype: of the column.
        is_float_written: its integers are written as "123.0" and shall read "123".

    Raises:
        TypeError: it holds lists or objects.
    """
    column = pl.col(name)
    if dtype.is_nested() or dtype == pl.Object:
        raise TypeError
    if dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return pl.when(column == whole).then(whole.cast(pl.String)).otherwise(column.cast(pl.String)).alias(name)
    if dtype.is_integer() or dtype.is_decimal():
        return column.cast(pl.String)
    text = column.cast(pl.String).str.strip_chars()
    text = text.str.strip_suffix(".0") if is_float_written else text
    return pl.when(text != "").then(text).alias(name)


def text_series(name: str, array: pa.ChunkedArray) -> pl.Series:
    """A column of an Arrow table as text, (num_rows,).

    Raises:
        TypeError: it holds lists or objects.
    """
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    try:
        array.validate(full=True)  # polars trusts that strings are UTF-8, and Parquet readers do not look
    except pa.ArrowInvalid:
        array = pa.array([_decoded(value) for value in array.cast(pa.large_binary()).to_pylist()], pa.large_string())
    series = pl.Series(name, array)
    return series.to_frame().select(text_expression(name, series.dtype)).to_series()


def _decoded(value: bytes | None) -> str | None:
    """Bytes that are not UTF-8 are no value here; ingest quarantines the row for its own columns."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def is_float_written(values: pl.Series) -> bool:
    """True where all values of a column of text are whole numbers with ".0"."""
    present = values.drop_nulls()
    return len(present) > 0 and bool(present.str.contains(FLOAT_WRITTEN).all())
