-- What a visit was judged from besides its looks. And what of a case, an episode and a report is neither
-- searched nor joined becomes one document each: JSON with the version of its form, the fields of the
-- types of casefile by the names of their JSON. Absent fields are zero.

-- +goose Up
ALTER TABLE visits ADD COLUMN basis_sealed BLOB CHECK (octet_length(basis_sealed) <= 16417);

ALTER TABLE cases ADD COLUMN document TEXT NOT NULL DEFAULT '' CHECK (octet_length(document) <= 8192);
UPDATE cases SET document = '{"v":1,"value":{"aftercare":' || aftercare
  || ',"held":' || CASE WHEN held THEN 'true' ELSE 'false' END || ',"informed":' || CASE WHEN informed THEN 'true' ELSE 'false' END
  || ',"streak":{"count":' || streak_count
    || COALESCE(',"first":"' || strftime('%Y-%m-%dT%H:%M:%S.', streak_first / 1000, 'unixepoch') || substr(CAST(streak_first % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
    || COALESCE(',"last":"' || strftime('%Y-%m-%dT%H:%M:%S.', streak_last / 1000, 'unixepoch') || substr(CAST(streak_last % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || '},"undecided":{"count":' || undecided_count
    || COALESCE(',"first":"' || strftime('%Y-%m-%dT%H:%M:%S.', undecided_first / 1000, 'unixepoch') || substr(CAST(undecided_first % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
    || COALESCE(',"last":"' || strftime('%Y-%m-%dT%H:%M:%S.', undecided_last / 1000, 'unixepoch') || substr(CAST(undecided_last % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || '}'
  || COALESCE(',"unseen":"' || strftime('%Y-%m-%dT%H:%M:%S.', unseen_since / 1000, 'unixepoch') || substr(CAST(unseen_since % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || ',"last":{"state":' || json_quote(last_state) || ',"reason":' || json_quote(last_reason)
    || COALESCE(',"at":"' || strftime('%Y-%m-%dT%H:%M:%S.', last_at / 1000, 'unixepoch') || substr(CAST(last_at % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || '}' || COALESCE(',"baseline":' || baseline, '') || COALESCE(',"ruling":' || ruling, '')
  || COALESCE((SELECT ',"assignment":{"id":' || a.id || ',"case_id":' || a.case_id
      || ',"hosting_country":' || json_quote(a.hosting_country) || ',"assigned_country":' || json_quote(a.assigned_country)
      || ',"hotlines":' || a.hotlines || ',"policy":' || json_quote(a.policy)
      || COALESCE(',"at":"' || strftime('%Y-%m-%dT%H:%M:%S.', a.at / 1000, 'unixepoch') || substr(CAST(a.at % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
      || COALESCE(',"acknowledged":"' || strftime('%Y-%m-%dT%H:%M:%S.', a.acknowledged_at / 1000, 'unixepoch') || substr(CAST(a.acknowledged_at % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
      || ',"confirmed":' || CASE WHEN a.confirmed THEN 'true' ELSE 'false' END || '}'
    FROM assignments a WHERE a.id = cases.assignment_id), '')
  || '}}';
ALTER TABLE cases DROP COLUMN held;
ALTER TABLE cases DROP COLUMN streak_count;
ALTER TABLE cases DROP COLUMN streak_first;
ALTER TABLE cases DROP COLUMN streak_last;
ALTER TABLE cases DROP COLUMN undecided_count;
ALTER TABLE cases DROP COLUMN undecided_first;
ALTER TABLE cases DROP COLUMN undecided_last;
ALTER TABLE cases DROP COLUMN unseen_since;
ALTER TABLE cases DROP COLUMN last_state;
ALTER TABLE cases DROP COLUMN last_reason;
ALTER TABLE cases DROP COLUMN last_at;
ALTER TABLE cases DROP COLUMN aftercare;
ALTER TABLE cases DROP COLUMN baseline;
ALTER TABLE cases DROP COLUMN ruling;
ALTER TABLE cases DROP COLUMN informed;
ALTER TABLE cases DROP COLUMN assignment_id;

ALTER TABLE episodes ADD COLUMN document TEXT NOT NULL DEFAULT '' CHECK (octet_length(document) <= 2048);
UPDATE episodes SET document = '{"v":1,"value":{"number":' || number
  || ',"recorded":' || CASE WHEN recorded THEN 'true' ELSE 'false' END || ',"provider":' || json_quote(provider) || ',"country":' || json_quote(country)
  || COALESCE(',"opened":"' || strftime('%Y-%m-%dT%H:%M:%S.', opened_at / 1000, 'unixepoch') || substr(CAST(opened_at % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || COALESCE(',"first_seen":"' || strftime('%Y-%m-%dT%H:%M:%S.', first_seen / 1000, 'unixepoch') || substr(CAST(first_seen % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || COALESCE(',"last_seen":"' || strftime('%Y-%m-%dT%H:%M:%S.', last_seen / 1000, 'unixepoch') || substr(CAST(last_seen % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || COALESCE(',"first_gone":"' || strftime('%Y-%m-%dT%H:%M:%S.', first_gone / 1000, 'unixepoch') || substr(CAST(first_gone % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || COALESCE(',"removed":"' || strftime('%Y-%m-%dT%H:%M:%S.', removed_at / 1000, 'unixepoch') || substr(CAST(removed_at % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || COALESCE(',"provider_since":"' || strftime('%Y-%m-%dT%H:%M:%S.', provider_since / 1000, 'unixepoch') || substr(CAST(provider_since % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || COALESCE(',"country_since":"' || strftime('%Y-%m-%dT%H:%M:%S.', country_since / 1000, 'unixepoch') || substr(CAST(country_since % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || '}}';
ALTER TABLE episodes DROP COLUMN first_seen;
ALTER TABLE episodes DROP COLUMN last_seen;
ALTER TABLE episodes DROP COLUMN first_gone;
ALTER TABLE episodes DROP COLUMN removed_at;
ALTER TABLE episodes DROP COLUMN recorded;
ALTER TABLE episodes DROP COLUMN provider;
ALTER TABLE episodes DROP COLUMN country;
ALTER TABLE episodes DROP COLUMN provider_since;
ALTER TABLE episodes DROP COLUMN country_since;

ALTER TABLE reports ADD COLUMN document TEXT NOT NULL DEFAULT '' CHECK (octet_length(document) <= 4096);
UPDATE reports SET document = '{"v":1,"value":{"id":' || id || ',"held":' || CASE WHEN held THEN 'true' ELSE 'false' END
  || ',"source":' || json_quote(source) || ',"reference":' || json_quote(reference) || ',"classification":' || json_quote(classification)
  || COALESCE(',"received":"' || strftime('%Y-%m-%dT%H:%M:%S.', received_at / 1000, 'unixepoch') || substr(CAST(received_at % 1000 + 1000 AS TEXT), 2) || 'Z"', '')
  || '}}';
ALTER TABLE reports DROP COLUMN held;
ALTER TABLE reports DROP COLUMN source;
ALTER TABLE reports DROP COLUMN reference;
ALTER TABLE reports DROP COLUMN classification;
ALTER TABLE reports DROP COLUMN received_at;

-- The basis of a verdict is mostly that of the visit before: then the visit keeps none. The keyed digest tells.
ALTER TABLE cases ADD COLUMN basis_key TEXT NOT NULL DEFAULT '' CHECK (octet_length(basis_key) <= 64);

-- Whether the events of a case tell its life: from its first one, or from a snapshot on, which the upgrade writes.
ALTER TABLE cases ADD COLUMN replayable BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX cases_not_replayable ON cases (id) WHERE NOT replayable;
