-- The names by which cases of one name under several endings are found, as keyed
-- digests: the label before the public suffix, and the registrable domain. NULL until
-- Vigil filled it in after an upgrade; '' for targets that have none. And the clocks of
-- those who host: since when the provider, and the country, of an episode are the
-- present ones, taken from the decisions that were kept.

-- +goose Up
ALTER TABLE cases ADD COLUMN label_key TEXT CHECK (octet_length(label_key) <= 64);
ALTER TABLE cases ADD COLUMN domain_key TEXT CHECK (octet_length(domain_key) <= 64);
CREATE INDEX cases_label ON cases (label_key, domain_key, id) WHERE label_key <> '';
CREATE INDEX cases_unnamed ON cases (id) WHERE label_key IS NULL;

ALTER TABLE episodes ADD COLUMN country_since BIGINT;
ALTER TABLE episodes ADD COLUMN provider_since BIGINT;
UPDATE episodes SET
  country_since = (
    SELECT CASE WHEN MIN(h.decided_at) > episodes.opened_at THEN MIN(h.decided_at) WHEN MIN(h.decided_at) IS NOT NULL THEN episodes.opened_at END FROM hostings h WHERE h.case_id = episodes.case_id AND h.country = episodes.country
      AND h.decided_at < COALESCE((SELECT n.opened_at FROM episodes n WHERE n.case_id = episodes.case_id AND n.number = episodes.number + 1), 9223372036854775807)
      AND NOT EXISTS (SELECT 1 FROM hostings o WHERE o.case_id = h.case_id AND o.id > h.id AND o.country <> h.country
        AND o.decided_at < COALESCE((SELECT n.opened_at FROM episodes n WHERE n.case_id = episodes.case_id AND n.number = episodes.number + 1), 9223372036854775807))),
  provider_since = (
    SELECT CASE WHEN MIN(h.decided_at) > episodes.opened_at THEN MIN(h.decided_at) WHEN MIN(h.decided_at) IS NOT NULL THEN episodes.opened_at END FROM hostings h WHERE h.case_id = episodes.case_id AND h.provider = episodes.provider
      AND h.decided_at < COALESCE((SELECT n.opened_at FROM episodes n WHERE n.case_id = episodes.case_id AND n.number = episodes.number + 1), 9223372036854775807)
      AND NOT EXISTS (SELECT 1 FROM hostings o WHERE o.case_id = h.case_id AND o.id > h.id AND o.provider <> h.provider
        AND o.decided_at < COALESCE((SELECT n.opened_at FROM episodes n WHERE n.case_id = episodes.case_id AND n.number = episodes.number + 1), 9223372036854775807)));
