"""RSS, Atom, RDF and JSON feeds; `adapter` is what hears."""
