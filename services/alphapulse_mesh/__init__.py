"""The services of AlphaPulse. They meet only on the wire and share `alphapulse_mesh.runtime`."""
