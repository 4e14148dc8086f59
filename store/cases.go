package store

import (
	"context"
	"encoding/json"
	"fmt"

	"vigil/casefile"
)

// caseColumns are read by scanCase. The episode is a row of its own, the truth of
// its clock; hosting and assignment are the latest decisions.
const caseColumns = `c.id, c.target_key, c.target_sealed, c.referrer_sealed, c.origin_sealed, c.host_key, c.standing, c.held, c.version,
	c.streak_count, c.streak_first, c.streak_last, c.undecided_count, c.undecided_first, c.undecided_last, c.unseen_since, c.last_state, c.last_reason, c.last_at, c.due_at, c.due_why, c.ruling,
	c.aftercare, c.baseline, c.informed, c.visits, c.opened_at, c.looking_at, c.event_seq, c.event_hash,
	e.number, e.opened_at, e.first_seen, e.last_seen, e.first_gone, e.removed_at, e.first_notice, e.last_notice, e.country, e.provider, e.country_since, e.provider_since, e.recorded,
	h.id, h.decided_at, h.detail_sealed,
	a.id, a.hosting_country, a.assigned_country, a.hotlines, a.policy, a.at, a.acknowledged_at, a.confirmed,
	r.id, r.referrer_sealed, r.source, r.reference, r.classification, r.received_at, r.held`

const caseTables = ` FROM cases c
	JOIN episodes e ON e.case_id = c.id AND e.number = c.episode
	LEFT JOIN hostings h ON h.id = c.hosting_id
	LEFT JOIN assignments a ON a.id = c.assignment_id
	LEFT JOIN reports r ON r.id = c.report_id`

// stored is a case with what only the store needs to know of it.
type stored struct {
	casefile.Case
	targetKey string
	seq       int64 // of the last event
	hash      string
}

func (s *Store) scanCase(row scanner) (stored, error) {
	var c stored
	var target, referrer, origin, hosting []byte
	var hostingID *int64
	var decided stamp
	var baseline, ruling *string
	var a assignmentRow
	var r reportRow
	times := struct {
		streakFirst, streakLast, undecidedFirst, undecidedLast, unseen, last, due, opened, looking stamp
		episode                                                                                    [9]stamp
	}{}
	t, e := &times, &times.episode
	err := row.Scan(&c.ID, &c.targetKey, &target, &referrer, &origin, &c.HostKey, &c.Standing, &c.Held, &c.Version,
		&c.Streak.Count, &t.streakFirst, &t.streakLast, &c.Undecided.Count, &t.undecidedFirst, &t.undecidedLast, &t.unseen,
		&c.Last.State, &c.Last.Reason, &t.last, &t.due, &c.Due.Why, &ruling,
		&c.Aftercare, &baseline, &c.Informed, &c.Visits, &t.opened, &t.looking, &c.seq, &c.hash,
		&c.Episode.Number, &e[0], &e[1], &e[2], &e[3], &e[4], &e[5], &e[6], &c.Episode.Country, &c.Episode.Provider, &e[7], &e[8], &c.Episode.Recorded,
		&hostingID, &decided, &hosting,
		&a.id, &a.hostingCountry, &a.assignedCountry, &a.hotlines, &a.policy, &a.at, &a.acknowledged, &a.confirmed,
		&r.id, &r.referrer, &r.source, &r.reference, &r.classification, &r.received, &r.held)
	if err != nil {
		return stored{}, err
	}
	c.Streak.First, c.Streak.Last, c.Undecided.First, c.Undecided.Last = t.streakFirst.Time, t.streakLast.Time, t.undecidedFirst.Time, t.undecidedLast.Time
	c.Unseen, c.Last.At, c.Due.At, c.Opened, c.Looking = t.unseen.Time, t.last.Time, t.due.Time, t.opened.Time, t.looking.Time
	c.Episode.Opened, c.Episode.FirstSeen, c.Episode.LastSeen, c.Episode.FirstGone = e[0].Time, e[1].Time, e[2].Time, e[3].Time
	c.Episode.Removed, c.Episode.FirstNotice, c.Episode.LastNotice = e[4].Time, e[5].Time, e[6].Time
	c.Episode.CountrySince, c.Episode.ProviderSince = e[7].Time, e[8].Time
	if c.Target, err = s.openTarget("target", c.targetKey, target); err != nil {
		return stored{}, fmt.Errorf("case %d: %w", c.ID, err)
	}
	if c.Referrer, err = s.openTarget("referrer", c.targetKey, referrer); err != nil {
		return stored{}, fmt.Errorf("case %d: %w", c.ID, err)
	}
	if baseline != nil {
		c.Baseline = new(casefile.Features)
		if err := json.Unmarshal([]byte(*baseline), c.Baseline); err != nil {
			return stored{}, fmt.Errorf("case %d: read baseline: %w", c.ID, err)
		}
	}
	if ruling != nil {
		if err := json.Unmarshal([]byte(*ruling), &c.Ruling); err != nil {
			return stored{}, fmt.Errorf("case %d: read ruling: %w", c.ID, err)
		}
	}
	if len(origin) > 0 {
		c.Origin = new(casefile.Origin)
		if err := s.openJSON("origin", c.ID, origin, c.Origin); err != nil {
			return stored{}, err
		}
	}
	if hostingID != nil {
		if c.Hosting, err = s.openHosting(c.ID, hosting); err != nil {
			return stored{}, err
		}
	}
	if c.Assignment, err = a.assignment(c.ID); err != nil {
		return stored{}, err
	}
	if r.id != nil {
		if c.Report, err = s.openReport(r, c.ID, c.targetKey, c.Target); err != nil {
			return stored{}, err
		}
	}
	return c, nil
}

// assignmentRow holds the columns of an assignment that may be absent.
type assignmentRow struct {
	id                                                *int64
	hostingCountry, assignedCountry, hotlines, policy *string
	at, acknowledged                                  stamp
	confirmed                                         *bool
}

// assignment is nil when the row is absent.
func (a assignmentRow) assignment(id casefile.CaseID) (*casefile.Assignment, error) {
	if a.id == nil {
		return nil, nil
	}
	list := &casefile.Assignment{
		ID: casefile.AssignmentID(*a.id), CaseID: id, HostingCountry: *a.hostingCountry, AssignedCountry: *a.assignedCountry,
		Policy: *a.policy, At: a.at.Time, Acknowledged: a.acknowledged.Time, Confirmed: *a.confirmed,
	}
	if err := json.Unmarshal([]byte(*a.hotlines), &list.Hotlines); err != nil {
		return nil, fmt.Errorf("case %d: read hotlines: %w", id, err)
	}
	return list, nil
}

func (s *Store) scanPlainCase(row scanner) (casefile.Case, error) {
	c, err := s.scanCase(row)
	return c.Case, err
}

// Case reads a case; a Problem of code not_found when there is none.
func (s *Store) Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error) {
	c, err := s.scanCase(s.read.QueryRowContext(ctx, "SELECT "+caseColumns+caseTables+" WHERE c.id = $1", id))
	if err != nil {
		return casefile.Case{}, notFound(err, "case")
	}
	return c.Case, nil
}

// Cases reads a page of cases, newest first. A limit of 0 means casefile.MaxPage;
// one outside of 1 to casefile.MaxPage is a Problem.
func (s *Store) Cases(ctx context.Context, f casefile.CaseFilter) ([]casefile.Case, error) {
	query, args, err := s.casesQuery(f)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	list, err := collect(rows, err, s.scanPlainCase)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	return list, nil
}

func (s *Store) casesQuery(f casefile.CaseFilter) (string, []any, error) {
	limit, err := page(f.Limit)
	if err != nil {
		return "", nil, err
	}
	if f.Standing != "" && !f.Standing.Valid() {
		return "", nil, casefile.Problemf(casefile.ProblemField, "standing", "%.40q is no standing", string(f.Standing))
	}
	var w where
	tables := caseTables
	if f.Hotline != "" {
		tables += " JOIN case_hotlines l ON l.case_id = c.id"
		w.add("l.hotline = ?", clip(f.Hotline, maxHotline))
		if f.Before > 0 { // both columns of the index
			w.add("l.case_id < ?", f.Before)
		}
	}
	if f.Standing != "" {
		w.add("c.standing = ?", f.Standing)
	}
	if f.Country != "" {
		w.add("c.country = ?", clip(f.Country, maxProvider))
	}
	if f.HostKey != "" {
		w.add("c.host_key = ?", clip(string(f.HostKey), maxProvider))
	}
	if !f.Target.IsZero() {
		w.add("c.target_key = ?", s.targetKey(f.Target))
	}
	if f.Before > 0 {
		w.add("c.id < ?", f.Before)
	}
	order := "c.id"
	if f.Hotline != "" {
		order = "l.case_id"
	}
	return "SELECT " + caseColumns + tables + w.String() + " ORDER BY " + order + " DESC LIMIT " + w.param(limit), w.args, nil
}

// Counts says how many cases have each standing; standings without a case are absent.
func (s *Store) Counts(ctx context.Context) (map[casefile.Standing]int, error) {
	type count struct {
		standing casefile.Standing
		n        int
	}
	rows, err := s.read.QueryContext(ctx, "SELECT standing, COUNT(*) FROM cases GROUP BY standing")
	list, err := collect(rows, err, func(row scanner) (c count, err error) {
		return c, row.Scan(&c.standing, &c.n)
	})
	if err != nil {
		return nil, fmt.Errorf("count cases: %w", err)
	}
	counts := make(map[casefile.Standing]int, len(list))
	for _, c := range list {
		counts[c.standing] = c.n
	}
	return counts, nil
}

func (s *Store) targetKey(t casefile.Target) string {
	return s.keys.Digest("target", []byte(t.URL()))
}

// HostKey is the keyed digest that stands for a target's host.
func (s *Store) HostKey(t casefile.Target) casefile.HostKey {
	return casefile.HostKey(s.keys.Digest("host", []byte(t.Host())))
}

// loadCase reads a case that the transaction is about to change, and locks it.
func (tx *transaction) loadCase(ctx context.Context, id casefile.CaseID) (stored, error) {
	if tx.s.lock() != "" { // FOR UPDATE does not go with outer joins
		var same casefile.CaseID
		if err := tx.QueryRowContext(ctx, "SELECT id FROM cases WHERE id = $1"+tx.s.lock(), id).Scan(&same); err != nil {
			return stored{}, notFound(err, "case")
		}
	}
	c, err := tx.s.scanCase(tx.QueryRowContext(ctx, "SELECT "+caseColumns+caseTables+" WHERE c.id = $1", id))
	if err != nil {
		return stored{}, notFound(err, "case")
	}
	return c, nil
}

// maxRuling bounds a case's ruling, as JSON, in bytes.
const maxRuling = 256

// writeCase writes the fields of a case that change over its life, appends its
// events and brings its episode up to date. seq and hash are the end of the history
// so far. The case's Version is written as it is.
func (tx *transaction) writeCase(ctx context.Context, c stored, events []casefile.Event, w written) error {
	var baseline any
	if c.Baseline != nil {
		text, err := toJSON(c.Baseline, 2048, "baseline")
		if err != nil {
			return err
		}
		baseline = text
	}
	var ruling any
	if c.Ruling != (casefile.Ruling{}) {
		text, err := toJSON(c.Ruling, maxRuling, "ruling")
		if err != nil {
			return err
		}
		ruling = text
	}
	if err := tx.appendEvents(ctx, c.ID, &c.seq, &c.hash, events); err != nil {
		return err
	}
	if err := tx.writeEpisode(ctx, c.Case, w); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE cases SET standing = $2, held = $3, version = $4, episode = $5, streak_count = $6, streak_first = $7,
		streak_last = $8, unseen_since = $9, last_state = $10, last_reason = $11, last_at = $12, due_at = $13, due_why = $14, aftercare = $15,
		baseline = $16, informed = $17, visits = visits + $18, looking_at = $19, event_seq = $20, event_hash = $21,
		country = COALESCE($22, country), hosting_id = COALESCE($23, hosting_id), assignment_id = COALESCE($24, assignment_id),
		undecided_count = $25, undecided_first = $26, undecided_last = $27, ruling = $28 WHERE id = $1`,
		c.ID, c.Standing, c.Held, c.Version, c.Episode.Number, c.Streak.Count, at(c.Streak.First),
		at(c.Streak.Last), at(c.Unseen), c.Last.State, c.Last.Reason, at(c.Last.At), at(c.Due.At), clip(string(c.Due.Why), 20), c.Aftercare,
		baseline, c.Informed, w.visits, at(c.Looking), c.seq, c.hash,
		w.country, orNullID(w.hosting), orNullID(w.assignment),
		c.Undecided.Count, at(c.Undecided.First), at(c.Undecided.Last), ruling)
	if err != nil {
		return fmt.Errorf("write case %d: %w", c.ID, err)
	}
	tx.due(c.HostKey)
	return nil
}
