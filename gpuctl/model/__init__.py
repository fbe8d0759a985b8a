"""What is known of a cluster: frozen msgspec Structs, no I/O."""
