"""Which brands texts are about, by which words, and what the names of a brand found."""
