-- What people have marked is asked for by brand.
CREATE INDEX journal_corrected ON journal (brand, seq) WHERE kind = 'corrected';
