package store

import (
	"context"
	"fmt"
	"time"

	"vigil/casefile"
)

// caseColumns are read by scanCase: the number of a case, its document, and what is searched, sorted, joined
// or sealed of it, which overrides the document. The episode is a row of its own, the truth of its clock;
// hosting and report are the latest.
const caseColumns = `c.id, c.document, e.document, c.target_key, c.target_sealed, c.referrer_sealed, c.origin_sealed, c.host_key,
	c.standing, c.version, c.due_at, c.due_why, c.visits, c.opened_at, c.looking_at, c.event_seq, c.event_hash, e.first_notice, e.last_notice,
		h.detail_sealed,
	r.id, r.referrer_sealed, r.document`

const caseTables = ` FROM cases c
	JOIN episodes e ON e.case_id = c.id AND e.number = c.episode
	LEFT JOIN hostings h ON h.id = c.hosting_id
	LEFT JOIN reports r ON r.id = c.report_id`

// stored is a case with what only the store needs to know of it.
type stored struct {
	casefile.Case
	targetKey string
	seq       int64 // of the last event
	hash      string
	basisKey  string // of the basis that the latest visits were judged from; empty: it stays
	// What is new and not in the document: zero without.
	hostingID int64
	reportID  casefile.ReportID
	newOrigin bool
	quiet     bool // standing, hosting, report and origin are as they were
}

func (s *Store) scanCase(row scanner) (c *stored, err error) {
	c = new(stored)
	var target, referrer, origin, hosting []byte
	var r reportRow
	err = row.Scan(&c.ID, document{&c.Case}, document{&c.Episode}, &c.targetKey, &target, &referrer, &origin, &c.HostKey, &c.Standing,
		&c.Version, stamp{&c.Due.At}, &c.Due.Why, &c.Visits, stamp{&c.Opened}, stamp{&c.Looking}, &c.seq, &c.hash, stamp{&c.Episode.FirstNotice},
		stamp{&c.Episode.LastNotice}, &hosting,
		&r.id, &r.referrer, document{&r.Report})
	defer wrap(&err, "case %d", c.ID)
	if err != nil {
		return nil, err
	}
	if c.Target, err = s.openTarget("target", c.targetKey, target); err != nil {
		return nil, err
	}
	if c.Referrer, err = s.openTarget("referrer", c.targetKey, referrer); err != nil {
		return nil, err
	}
	if err := s.openJSON("origin", c.ID, origin, &c.Backend); err != nil {
		return nil, err
	}
	if err := s.openJSON("hosting", c.ID, hosting, &c.Hosting); err != nil {
		return nil, err
	}
	c.Report, err = s.openReport(r, c)
	return c, err
}

func (s *Store) scanPlainCase(row scanner) (casefile.Case, error) {
	c, err := s.scanCase(row)
	if err != nil {
		return casefile.Case{}, err
	}
	return c.Case, nil
}

const caseQuery = "SELECT " + caseColumns + caseTables + " WHERE c.id = $1"

// Case reads a case; a Problem of code not_found when there is none.
func (s *Store) Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error) {
	c, err := s.scanPlainCase(s.read.QueryRowContext(ctx, caseQuery, id))
	return c, notFound(err, "case")
}

// Cases reads a page of cases, newest first. A limit of 0 means casefile.MaxPage;
// one outside of 1 to casefile.MaxPage is a Problem.
func (s *Store) Cases(ctx context.Context, f casefile.CaseFilter) (list []casefile.Case, err error) {
	text, args, err := s.casesQuery(f)
	if err != nil {
		return nil, err
	}
	defer wrap(&err, "list cases")
	return query(ctx, s.read, s.scanPlainCase, text, args...)
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
	tables, order := caseTables, "c.id"
	if f.Hotline != "" {
		tables, order = caseTables+" JOIN case_hotlines l ON l.case_id = c.id", "l.case_id"
	}
	w.add(f.Hotline != "", "l.hotline = ?", clip(f.Hotline, maxHotline))
	w.add(f.Hotline != "" && f.Before > 0, "l.case_id < ?", f.Before) // both columns of the index
	w.add(f.Standing != "", "c.standing = ?", string(f.Standing))
	w.add(f.Country != "", "c.country = ?", clip(f.Country, maxProvider))
	w.add(f.HostKey != "", "c.host_key = ?", clip(string(f.HostKey), maxProvider))
	w.add(!f.Target.IsZero(), "c.target_key = ?", s.targetKey(f.Target))
	w.add(f.Before > 0, "c.id < ?", f.Before)
	return "SELECT " + caseColumns + tables + w.String() + " ORDER BY " + order + " DESC LIMIT " + w.param(limit), w.args, nil
}

// Counts says how many cases have each standing; standings without a case are absent.
func (s *Store) Counts(ctx context.Context) (map[casefile.Standing]int, error) {
	counts := map[casefile.Standing]int{}
	_, err := query(ctx, s.read, func(row scanner) (n int, err error) {
		var standing casefile.Standing
		err = row.Scan(&standing, &n)
		counts[standing] = n
		return n, err
	}, "SELECT standing, COUNT(*) FROM cases GROUP BY standing")
	if err != nil {
		return nil, fmt.Errorf("count cases: %w", err)
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

const lockColumns = "id, host_key, standing, version, looking_at, due_why, visits, event_seq, event_hash, basis_key"

func scanLocked(row scanner) (*stored, error) {
	c := new(stored)
	return c, row.Scan(&c.ID, &c.HostKey, &c.Standing, &c.Version, stamp{&c.Looking}, &c.Due.Why, &c.Visits, &c.seq, &c.hash, &c.basisKey)
}

// lockCase locks a case that the transaction is about to change, and reads what every change needs.
func (tx *transaction) lockCase(ctx context.Context, id casefile.CaseID) (*stored, error) {
	c, err := scanLocked(tx.QueryRowContext(ctx, "SELECT "+lockColumns+" FROM cases WHERE id = $1"+tx.s.lock(), id))
	return c, notFound(err, "case")
}

// loadCase locks a case and reads it whole, in a statement of its own: PostgreSQL would join rows of before
// the wait.
func (tx *transaction) loadCase(ctx context.Context, id casefile.CaseID) (*stored, error) {
	if err := tx.flush(ctx); err != nil {
		return nil, err
	}
	if tx.s.lock() != "" {
		if _, err := tx.lockCase(ctx, id); err != nil {
			return nil, err
		}
	}
	c, err := tx.s.scanCase(tx.QueryRowContext(ctx, caseQuery, id))
	return c, notFound(err, "case")
}

// state is what a case writes with every new version, in the order of insertCase and fullCase; NULL leaves a
// column as it is.
func (s *Store) state(c *stored) ([]any, error) {
	standing, episode := c.Standing, c.Episode
	c.Standing, c.Episode = "", casefile.Episode{} // columns, and a row of its own
	document, err := toDocument(&c.Case, maxCase, "case")
	c.Standing, c.Episode = standing, episode
	if err != nil {
		return nil, err
	}
	var country any
	if c.Hosting != nil {
		country = clip(c.Hosting.Country, 2)
	}
	var referrer, origin any
	if c.reportID != 0 {
		referrer, err = s.sealTarget("referrer", c.targetKey, c.Referrer)
	} else if c.newOrigin && c.Backend != nil {
		origin, err = s.sealJSON("origin", c.ID, c.Backend, maxOrigin)
	}
	if err != nil {
		return nil, err
	}
	return []any{int64(c.ID), c.Version, c.Episode.Number, at(c.Due.At), clip(string(c.Due.Why), 20), at(c.Looking), c.Visits, c.seq, c.hash,
		document, c.basisKey, string(c.Standing), country, orNull(c.hostingID), orNull(int64(c.reportID)), referrer, c.newOrigin, origin}, nil
}

// quietArgs is how many values of state quietCase takes. SQLite writes every index anew that has a column
// which a statement sets, to whatever value: most visits set none but that of the due time.
const (
	quietArgs = 11
	quietCase = updateBegin + updateEnd
	fullCase  = updateBegin + `, standing = $12, country = COALESCE($13, country), hosting_id = COALESCE($14, hosting_id),
	report_id = COALESCE($15, report_id), referrer_sealed = COALESCE($16, referrer_sealed),
	origin_sealed = CASE WHEN $17 THEN $18 ELSE origin_sealed END` + updateEnd
	updateBegin = `UPDATE cases SET version = $2, episode = $3, due_at = $4, due_why = $5, looking_at = $6, visits = $7,
	event_seq = $8, event_hash = $9, document = $10, basis_key = COALESCE(NULLIF($11, ''), basis_key)`
	updateEnd = " WHERE id = $1"
)

// writeCase writes a case as it is after now, appends its events and brings its episode up to date.
func (tx *transaction) writeCase(ctx context.Context, c *stored, events []casefile.Event, now time.Time) error {
	if err := tx.insertEvents(ctx, c.chain(events)); err != nil {
		return err
	}
	if err := tx.writeEpisode(ctx, c.Case, now); err != nil {
		return err
	}
	args, err := tx.s.state(c)
	text := fullCase
	if err == nil && c.quiet {
		text, args = quietCase, args[:quietArgs]
	}
	if err == nil {
		_, err = tx.exec(ctx, "write case", text, args...)
	}
	tx.due(c.HostKey)
	return err
}

// markCase appends events to a case that is locked, and writes what changes of it without a new version.
func (tx *transaction) markCase(ctx context.Context, c *stored, events ...casefile.Event) error {
	if err := tx.insertEvents(ctx, c.chain(events)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "mark case", "UPDATE cases SET looking_at = $2, visits = $3, event_seq = $4, event_hash = $5, "+
		"basis_key = COALESCE(NULLIF($6, ''), basis_key) WHERE id = $1", c.ID, at(c.Looking), c.Visits, c.seq, c.hash, c.basisKey)
	return err
}

// MaxDue bounds what DueHosts and DueCases give at once.
const MaxDue = 10_000

const (
	dueHostsQuery = "SELECT host_key FROM hosts WHERE due_at <= $1 ORDER BY due_at LIMIT $2"
	dueCasesQuery = "SELECT " + caseColumns + caseTables + " WHERE c.host_key = $1 AND c.due_at <= $2 ORDER BY c.due_at LIMIT $3"
)

// DueHosts lists hosts that have cases due at now, the longest waiting first, at
// most limit (1 to MaxDue). It reads one index row a host, however many cases it has.
func (s *Store) DueHosts(ctx context.Context, now time.Time, limit int) (list []casefile.HostKey, err error) {
	defer wrap(&err, "list due hosts")
	return query(ctx, s.read, func(row scanner) (h casefile.HostKey, err error) { return h, row.Scan(&h) },
		dueHostsQuery, now.UnixMilli(), min(max(limit, 1), MaxDue))
}

// DueCases reads the cases of a host that are due at now, the longest waiting first,
// at most limit (1 to MaxDue).
func (s *Store) DueCases(ctx context.Context, host casefile.HostKey, now time.Time, limit int) (list []casefile.Case, err error) {
	defer wrap(&err, "list due cases")
	return query(ctx, s.read, s.scanPlainCase, dueCasesQuery, string(host), now.UnixMilli(), min(max(limit, 1), MaxDue))
}

// PostponeHost moves the due time of the host's cases that are due at now to until,
// and says how many. Versions stay: nothing was learned about the cases.
func (s *Store) PostponeHost(ctx context.Context, host casefile.HostKey, now, until time.Time, why casefile.Why) (int, error) {
	if !why.Valid() || until.IsZero() {
		return 0, fmt.Errorf("postpone host: a due time needs a time and a cause")
	}
	var moved int64
	err := s.inTx(ctx, func(ctx context.Context, tx *transaction) (err error) {
		tx.due(host)
		moved, err = tx.exec(ctx, "postpone host", "UPDATE cases SET due_at = $3, due_why = $4 WHERE host_key = $1 AND due_at <= $2",
			string(host), now.UnixMilli(), until.UnixMilli(), string(why))
		return err
	})
	return int(moved), err
}
