"""The modules that are compiled, each by its cffi build script; all else about the project is in pyproject.toml."""

from setuptools import setup

setup(
    cffi_modules=[
        "iss/engines/build_interpreter.py:ffibuilder",
        "coprocessor/build_native.py:ffibuilder",
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
