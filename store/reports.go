package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// MaxReports bounds one call of AddReports.
const MaxReports = 10_000

// AddReports stores reports, all or none, and opens a case for each target that has
// none. What became of each is answered in the order of the reports. A report that
// is out of bounds makes a Problem that names its place, and nothing is stored.
//
// A zero Received becomes now, an empty Classification unclassified.
func (s *Store) AddReports(ctx context.Context, reports []casefile.Report, now time.Time) ([]casefile.Added, error) {
	reports, err := checkReports(reports, now)
	if err != nil {
		return nil, err
	}
	var added []casefile.Added
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		added, err = tx.addReports(ctx, reports, nil, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("add reports: %w", err)
	}
	return added, nil
}

// requestsKept is how long an idempotency key is remembered.
const requestsKept = 7 * 24 * time.Hour

// AddReportsOnce is AddReports under an idempotency key: the same key with the same
// request answers what the first call answered (replayed is true) and stores
// nothing; with another request it is a Problem of code conflict. Keys are
// remembered for a week.
func (s *Store) AddReportsOnce(ctx context.Context, key string, request []byte, reports []casefile.Report, now time.Time) (added []casefile.Added, replayed bool, err error) {
	if key == "" {
		return nil, false, casefile.Problemf(casefile.ProblemField, "Idempotency-Key", "it is empty")
	}
	if reports, err = checkReports(reports, now); err != nil {
		return nil, false, err
	}
	requestKey, digest := s.keys.Digest("request.key", []byte(key)), s.keys.Digest("request", request)
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		added, replayed = nil, false
		if _, err := tx.ExecContext(ctx, "DELETE FROM requests WHERE at < $1", now.Add(-requestsKept).UnixMilli()); err != nil {
			return err
		}
		var fresh, known string
		err := tx.QueryRowContext(ctx, "INSERT INTO requests (request_key, digest_key, at) VALUES ($1, $2, $3) ON CONFLICT (request_key) DO NOTHING RETURNING request_key",
			requestKey, digest, now.UnixMilli()).Scan(&fresh)
		switch {
		case err == nil:
			added, err = tx.addReports(ctx, reports, requestKey, now)
			return err
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT digest_key FROM requests WHERE request_key = $1", requestKey).Scan(&known); err != nil {
			return err
		}
		if known != digest {
			return casefile.Problemf(casefile.ProblemConflict, "Idempotency-Key", "it was used for another request; take a new key for a new request")
		}
		replayed = true
		rows, err := tx.QueryContext(ctx, "SELECT id, case_id, opened FROM reports WHERE request_key = $1 ORDER BY id", requestKey)
		added, err = collect(rows, err, func(row scanner) (a casefile.Added, err error) {
			return a, row.Scan(&a.ReportID, &a.CaseID, &a.New)
		})
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("add reports: %w", err)
	}
	return added, replayed, nil
}

// checkReports fills in defaults, in a copy, and checks bounds.
func checkReports(reports []casefile.Report, now time.Time) ([]casefile.Report, error) {
	if len(reports) > MaxReports {
		return nil, casefile.Problemf(casefile.ProblemField, "reports", "at most %d go into one request", MaxReports)
	}
	checked := make([]casefile.Report, len(reports))
	for i, r := range reports {
		field := func(name string) string { return fmt.Sprintf("reports[%d].%s", i, name) }
		if r.Received.IsZero() {
			r.Received = now
		}
		if r.Classification == "" {
			r.Classification = casefile.ClassUnclassified
		}
		switch {
		case r.Target.IsZero():
			return nil, casefile.Problemf(casefile.ProblemField, field("url"), "a report needs a URL")
		case len(r.Source) > casefile.MaxSource || clip(r.Source, casefile.MaxSource) != r.Source:
			return nil, casefile.Problemf(casefile.ProblemField, field("source"), "it must be text of at most %d bytes", casefile.MaxSource)
		case len(r.Reference) > casefile.MaxReference || clip(r.Reference, casefile.MaxReference) != r.Reference:
			return nil, casefile.Problemf(casefile.ProblemField, field("reference"), "it must be text of at most %d bytes", casefile.MaxReference)
		case !r.Classification.Valid():
			return nil, casefile.Problemf(casefile.ProblemField, field("classification"), "%.40q is not known", string(r.Classification))
		}
		checked[i] = r
	}
	return checked, nil
}

func (tx *transaction) addReports(ctx context.Context, reports []casefile.Report, requestKey any, now time.Time) ([]casefile.Added, error) {
	added := make([]casefile.Added, 0, len(reports))
	for _, r := range reports {
		key := tx.s.targetKey(r.Target)
		id, opened, err := tx.openCase(ctx, key, r, now)
		if err == nil && !opened {
			err = tx.attach(ctx, id, r, now)
		}
		if err != nil {
			return nil, err
		}
		referrer, err := tx.s.sealTarget("report.referrer", key, r.Referrer)
		if err != nil {
			return nil, err
		}
		a := casefile.Added{CaseID: id, New: opened}
		err = tx.QueryRowContext(ctx, `INSERT INTO reports (case_id, opened, referrer_sealed, source, reference, classification, received_at, held, stored_at, request_key)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
			id, opened, bytesOrNull(referrer), r.Source, r.Reference, string(r.Classification), r.Received.UnixMilli(), r.Held, now.UnixMilli(), requestKey).Scan(&a.ReportID)
		if err != nil {
			return nil, fmt.Errorf("insert report: %w", err)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE cases SET report_id = $2 WHERE id = $1", id, a.ReportID); err != nil {
			return nil, fmt.Errorf("write latest report: %w", err)
		}
		added = append(added, a)
	}
	return added, nil
}

// openCase opens the case of a target; opened is false when it has one already.
func (tx *transaction) openCase(ctx context.Context, key string, r casefile.Report, now time.Time) (id casefile.CaseID, opened bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT id FROM cases WHERE target_key = $1", key).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, false, err
	}
	c, events := lifecycle.Open(r, tx.s.HostKey(r.Target), now)
	target, err := tx.s.sealTarget("target", key, c.Target)
	if err != nil {
		return 0, false, err
	}
	referrer, err := tx.s.sealTarget("referrer", key, c.Referrer)
	if err != nil {
		return 0, false, err
	}
	label, domain := tx.s.nameKeys(c.Target)
	// Another process may open the case at the same moment: it waits or we do, and the
	// later one attaches its report.
	err = tx.QueryRowContext(ctx, `INSERT INTO cases (target_key, host_key, target_sealed, referrer_sealed, standing, held, version, episode, streak_count, undecided_count,
			last_state, last_reason, due_why, aftercare, country, informed, visits, opened_at, event_seq, event_hash, label_key, domain_key)
		VALUES ($1, $2, $3, $4, $5, $6, 1, $7, 0, 0, '', '', $8, 0, '', FALSE, 0, $9, 0, '', $10, $11) ON CONFLICT (target_key) DO NOTHING RETURNING id`,
		key, string(c.HostKey), target, bytesOrNull(referrer), string(c.Standing), c.Held, c.Episode.Number, string(c.Due.Why), at(c.Opened), label, domain).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, "SELECT id FROM cases WHERE target_key = $1", key).Scan(&id)
		return id, false, err
	}
	if err != nil {
		return 0, false, fmt.Errorf("insert case: %w", err)
	}
	c.ID, c.Version = id, 1
	told, err := tx.tellNamesakes(ctx, id, label, domain, now)
	if err != nil {
		return 0, false, fmt.Errorf("tell namesakes: %w", err)
	}
	events = append(events, told...)
	return id, true, tx.writeCase(ctx, stored{Case: c, targetKey: key}, events, written{at: now})
}

// attach adds a further report to a case.
func (tx *transaction) attach(ctx context.Context, id casefile.CaseID, r casefile.Report, now time.Time) error {
	c, err := tx.loadCase(ctx, id)
	if err != nil {
		return err
	}
	var events []casefile.Event
	c.Case, events, _ = lifecycle.Apply(c.Case, now, lifecycle.Reported{Report: r})
	c.Version++
	if !r.Referrer.IsZero() {
		referrer, err := tx.s.sealTarget("referrer", c.targetKey, c.Referrer)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE cases SET referrer_sealed = $2 WHERE id = $1", id, referrer); err != nil {
			return fmt.Errorf("write referrer: %w", err)
		}
	}
	return tx.writeCase(ctx, c, events, written{at: now})
}

// bytesOrNull keeps a nil slice from becoming an empty value.
func bytesOrNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

const reportsQuery = `SELECT r.id, r.referrer_sealed, r.source, r.reference, r.classification, r.received_at, r.held FROM reports r
	WHERE r.case_id = $1 ORDER BY r.id LIMIT $2`

// reportRow holds the columns of a report that may be absent.
type reportRow struct {
	id                                *int64
	referrer                          []byte
	source, reference, classification *string
	received                          stamp
	held                              *bool
}

func (s *Store) openReport(r reportRow, id casefile.CaseID, targetKey string, t casefile.Target) (*casefile.Report, error) {
	referrer, err := s.openTarget("report.referrer", targetKey, r.referrer)
	if err != nil {
		return nil, fmt.Errorf("report %d: %w", *r.id, err)
	}
	return &casefile.Report{
		ID: casefile.ReportID(*r.id), CaseID: id, Target: t, Referrer: referrer, Source: *r.source, Reference: *r.reference,
		Classification: casefile.Classification(*r.classification), Received: r.received.Time, Held: *r.held,
	}, nil
}

// Reports reads the reports of a case, oldest first, at most casefile.MaxPage.
func (s *Store) Reports(ctx context.Context, id casefile.CaseID) ([]casefile.Report, error) {
	c, err := s.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	key := s.targetKey(c.Target)
	rows, err := s.read.QueryContext(ctx, reportsQuery, id, casefile.MaxPage)
	list, err := collect(rows, err, func(row scanner) (casefile.Report, error) {
		var r reportRow
		if err := row.Scan(&r.id, &r.referrer, &r.source, &r.reference, &r.classification, &r.received, &r.held); err != nil {
			return casefile.Report{}, err
		}
		report, err := s.openReport(r, id, key, c.Target)
		if err != nil {
			return casefile.Report{}, err
		}
		return *report, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read reports of case %d: %w", id, err)
	}
	return list, nil
}
