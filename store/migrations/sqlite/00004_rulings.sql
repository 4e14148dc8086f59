-- What a person is asked about a case and what was answered (JSON of casefile.Ruling), and
-- whether a person recorded the removal of an episode. Removals of before count as confirmed.

-- +goose Up
ALTER TABLE cases ADD COLUMN ruling TEXT CHECK (octet_length(ruling) <= 256);
ALTER TABLE episodes ADD COLUMN recorded BOOLEAN NOT NULL DEFAULT FALSE;
