-- Times are Unix milliseconds, UTC; NULL is "none". Every text and blob column has
-- a bound, so that no column could hold the body of a page: a test walks the schema.
-- A column ending in _sealed is AES-256-GCM under the key file; one ending in _key is a
-- keyed digest. The two dialects hold the same tables and columns: a test compares them.

-- +goose Up
CREATE TABLE meta (
  name TEXT PRIMARY KEY CHECK (octet_length(name) <= 40),
  value BLOB NOT NULL CHECK (octet_length(value) <= 200)
);

CREATE TABLE hostings (
  id INTEGER PRIMARY KEY,
  case_id BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  country TEXT NOT NULL CHECK (octet_length(country) <= 2),
  provider TEXT NOT NULL CHECK (octet_length(provider) <= 200),
  asn BIGINT NOT NULL,
  detail_sealed BLOB NOT NULL CHECK (octet_length(detail_sealed) <= 65569)
);
CREATE INDEX hostings_case ON hostings (case_id, id);

CREATE TABLE assignments (
  id INTEGER PRIMARY KEY,
  case_id BIGINT NOT NULL,
  hosting_country TEXT NOT NULL CHECK (octet_length(hosting_country) <= 2),
  assigned_country TEXT NOT NULL CHECK (octet_length(assigned_country) <= 2),
  hotlines TEXT NOT NULL CHECK (octet_length(hotlines) <= 4096),
  policy TEXT NOT NULL CHECK (octet_length(policy) <= 40),
  at BIGINT NOT NULL,
  acknowledged_at BIGINT,
  confirmed BOOLEAN NOT NULL
);
CREATE INDEX assignments_case ON assignments (case_id, id);

CREATE TABLE cases (
  id INTEGER PRIMARY KEY,
  target_key TEXT NOT NULL UNIQUE CHECK (octet_length(target_key) <= 64),
  host_key TEXT NOT NULL CHECK (octet_length(host_key) <= 64),
  target_sealed BLOB NOT NULL CHECK (octet_length(target_sealed) <= 8225),
  referrer_sealed BLOB CHECK (octet_length(referrer_sealed) <= 8225),
  standing TEXT NOT NULL CHECK (octet_length(standing) <= 20),
  held BOOLEAN NOT NULL,
  version BIGINT NOT NULL,
  episode BIGINT NOT NULL,
  streak_count BIGINT NOT NULL,
  streak_first BIGINT,
  streak_last BIGINT,
  undecided_count BIGINT NOT NULL,
  undecided_first BIGINT,
  undecided_last BIGINT,
  unseen_since BIGINT,
  last_state TEXT NOT NULL CHECK (octet_length(last_state) <= 20),
  last_reason TEXT NOT NULL CHECK (octet_length(last_reason) <= 40),
  last_at BIGINT,
  due_at BIGINT,
  due_why TEXT NOT NULL CHECK (octet_length(due_why) <= 20),
  aftercare BIGINT NOT NULL,
  baseline TEXT CHECK (octet_length(baseline) <= 2048),
  country TEXT NOT NULL CHECK (octet_length(country) <= 2),
  hosting_id BIGINT,
  assignment_id BIGINT,
  report_id BIGINT,
  informed BOOLEAN NOT NULL,
  visits BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  looking_at BIGINT,
  event_seq BIGINT NOT NULL,
  event_hash TEXT NOT NULL CHECK (octet_length(event_hash) <= 64)
);
CREATE INDEX cases_due ON cases (host_key, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX cases_standing ON cases (standing, id);
CREATE INDEX cases_country ON cases (country, id);
CREATE INDEX cases_host ON cases (host_key, id);

-- The earliest due time of each host: what the feeder reads. It is computed anew from
-- cases in every transaction that changes a due time.
CREATE TABLE hosts (
  host_key TEXT PRIMARY KEY CHECK (octet_length(host_key) <= 64),
  due_at BIGINT
);
CREATE INDEX hosts_due ON hosts (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE case_hotlines (
  hotline TEXT NOT NULL CHECK (octet_length(hotline) <= 200),
  case_id BIGINT NOT NULL REFERENCES cases (id),
  PRIMARY KEY (hotline, case_id)
);
CREATE INDEX case_hotlines_case ON case_hotlines (case_id);

CREATE TABLE reports (
  id INTEGER PRIMARY KEY,
  case_id BIGINT NOT NULL REFERENCES cases (id),
  opened BOOLEAN NOT NULL,
  referrer_sealed BLOB CHECK (octet_length(referrer_sealed) <= 8225),
  source TEXT NOT NULL CHECK (octet_length(source) <= 120),
  reference TEXT NOT NULL CHECK (octet_length(reference) <= 200),
  classification TEXT NOT NULL CHECK (octet_length(classification) <= 20),
  received_at BIGINT NOT NULL,
  held BOOLEAN NOT NULL,
  stored_at BIGINT NOT NULL,
  request_key TEXT CHECK (octet_length(request_key) <= 64)
);
CREATE INDEX reports_case ON reports (case_id, id);
CREATE INDEX reports_request ON reports (request_key, id) WHERE request_key IS NOT NULL;

CREATE TABLE requests (
  request_key TEXT PRIMARY KEY CHECK (octet_length(request_key) <= 64),
  digest_key TEXT NOT NULL CHECK (octet_length(digest_key) <= 64),
  at BIGINT NOT NULL
);
CREATE INDEX requests_at ON requests (at);

CREATE TABLE visits (
  id INTEGER PRIMARY KEY,
  case_id BIGINT NOT NULL REFERENCES cases (id),
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  why TEXT NOT NULL CHECK (octet_length(why) <= 20),
  state TEXT NOT NULL CHECK (octet_length(state) <= 20),
  reason TEXT NOT NULL CHECK (octet_length(reason) <= 40),
  signals TEXT NOT NULL CHECK (octet_length(signals) <= 16384),
  dissent TEXT NOT NULL CHECK (octet_length(dissent) <= 4096),
  believed BOOLEAN NOT NULL
);
CREATE INDEX visits_case ON visits (case_id, id);

CREATE TABLE observations (
  id INTEGER PRIMARY KEY,
  visit_id BIGINT NOT NULL REFERENCES visits (id),
  case_id BIGINT NOT NULL,
  vantage TEXT NOT NULL CHECK (octet_length(vantage) <= 64),
  purpose TEXT NOT NULL CHECK (octet_length(purpose) <= 20),
  started_at BIGINT NOT NULL,
  took_us BIGINT NOT NULL,
  status BIGINT NOT NULL,
  body_bytes BIGINT NOT NULL,
  truncated BOOLEAN NOT NULL,
  features TEXT CHECK (octet_length(features) <= 2048),
  fault_kind TEXT CHECK (octet_length(fault_kind) <= 20),
  fault_phase TEXT CHECK (octet_length(fault_phase) <= 20),
  fault_detail TEXT CHECK (octet_length(fault_detail) <= 200),
  trail_sealed BLOB CHECK (octet_length(trail_sealed) <= 32801)
);
CREATE INDEX observations_visit ON observations (visit_id, id);

CREATE TABLE siblings (
  host_key TEXT PRIMARY KEY CHECK (octet_length(host_key) <= 64),
  started_at BIGINT NOT NULL,
  observation_id BIGINT NOT NULL REFERENCES observations (id)
);

CREATE TABLE episodes (
  case_id BIGINT NOT NULL REFERENCES cases (id),
  number BIGINT NOT NULL,
  host_key TEXT NOT NULL CHECK (octet_length(host_key) <= 64),
  opened_at BIGINT NOT NULL,
  first_seen BIGINT,
  last_seen BIGINT,
  first_gone BIGINT,
  removed_at BIGINT,
  first_notice BIGINT,
  last_notice BIGINT,
  outcome TEXT NOT NULL CHECK (octet_length(outcome) <= 20),
  ended_at BIGINT,
  country TEXT NOT NULL CHECK (octet_length(country) <= 2),
  provider TEXT NOT NULL CHECK (octet_length(provider) <= 200),
  PRIMARY KEY (case_id, number)
);
CREATE INDEX episodes_opened ON episodes (opened_at, case_id, number);

CREATE TABLE notices (
  id INTEGER PRIMARY KEY,
  case_id BIGINT NOT NULL REFERENCES cases (id),
  episode BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (octet_length(kind) <= 20),
  step BIGINT NOT NULL,
  party TEXT NOT NULL CHECK (octet_length(party) <= 20),
  message_key TEXT NOT NULL UNIQUE CHECK (octet_length(message_key) <= 128),
  subject TEXT NOT NULL CHECK (octet_length(subject) <= 300),
  content_sealed BLOB NOT NULL CHECK (octet_length(content_sealed) <= 69665),
  state TEXT NOT NULL CHECK (octet_length(state) <= 20),
  composed_at BIGINT NOT NULL,
  next_try BIGINT,
  tries BIGINT NOT NULL,
  claimed_at BIGINT,
  sent_at BIGINT,
  proof_sealed BLOB CHECK (octet_length(proof_sealed) <= 533)
);
CREATE INDEX notices_queued ON notices (next_try, id) WHERE state = 'queued';
CREATE INDEX notices_sending ON notices (claimed_at) WHERE state = 'sending';
CREATE INDEX notices_state ON notices (state, id);
CREATE INDEX notices_case ON notices (case_id, id);

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  case_id BIGINT NOT NULL REFERENCES cases (id),
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (octet_length(kind) <= 40),
  actor TEXT NOT NULL CHECK (octet_length(actor) <= 120),
  data TEXT NOT NULL CHECK (octet_length(data) <= 4096),
  previous TEXT NOT NULL CHECK (octet_length(previous) <= 64),
  hash TEXT NOT NULL CHECK (octet_length(hash) <= 64),
  UNIQUE (case_id, seq)
);

CREATE TABLE users (
  name TEXT PRIMARY KEY CHECK (octet_length(name) <= 80),
  role TEXT NOT NULL CHECK (octet_length(role) <= 20),
  password_hash TEXT NOT NULL CHECK (octet_length(password_hash) <= 300),
  created_at BIGINT NOT NULL
);

CREATE TABLE tokens (
  token_hash TEXT PRIMARY KEY CHECK (octet_length(token_hash) <= 64),
  name TEXT NOT NULL CHECK (octet_length(name) <= 80),
  role TEXT NOT NULL CHECK (octet_length(role) <= 20),
  created_at BIGINT NOT NULL,
  last_used BIGINT
);

CREATE TABLE sessions (
  token_key TEXT PRIMARY KEY CHECK (octet_length(token_key) <= 64),
  data_sealed BLOB NOT NULL CHECK (octet_length(data_sealed) <= 16417),
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE registry_cache (
  question_key TEXT PRIMARY KEY CHECK (octet_length(question_key) <= 64),
  answer_sealed BLOB NOT NULL CHECK (octet_length(answer_sealed) <= 65569),
  expires_at BIGINT NOT NULL
);
CREATE INDEX registry_cache_expires ON registry_cache (expires_at);
