"""The GPU software of a cluster: discovery, driver, toolkit, validator, device plugin, DRA drivers."""
