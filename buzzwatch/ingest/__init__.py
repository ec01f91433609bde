"""From a raw payload to scored sightings: pure text work, before the journal."""
