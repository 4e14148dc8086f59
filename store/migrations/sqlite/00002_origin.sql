-- Where a person said that a target is really hosted: JSON of
-- casefile.Origin, sealed, because the address gives the host away.

-- +goose Up
ALTER TABLE cases ADD COLUMN origin_sealed BLOB CHECK (octet_length(origin_sealed) <= 4129);
