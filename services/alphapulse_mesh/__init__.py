"""The services of AlphaPulse. Services meet only on the wire; they share `alphapulse_mesh.runtime`."""
