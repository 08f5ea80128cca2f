"""Types of the compiled module. One section per area; checked against the module by stubtest."""

__version__: str
