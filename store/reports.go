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
func (s *Store) AddReports(ctx context.Context, reports []casefile.Report, now time.Time) (added []casefile.Added, err error) {
	reports, err = checkReports(reports, now)
	if err != nil {
		return nil, err
	}
	defer wrap(&err, "add reports")
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		added, err = tx.addReports(ctx, reports, "", now)
		return err
	})
	return added, err
}

// requestsKept is how long an idempotency key is remembered.
const requestsKept = 7 * 24 * time.Hour

// AddReportsOnce is AddReports under an idempotency key: the same key with the same
// request answers what the first call answered (replayed is true) and stores
// nothing; with another request it is a Problem of code conflict. Keys are
// remembered for a week.
func (s *Store) AddReportsOnce(ctx context.Context, key string, request []byte, reports []casefile.Report, now time.Time) (
	added []casefile.Added, replayed bool, err error,
) {
	if key == "" {
		return nil, false, casefile.Problemf(casefile.ProblemField, "Idempotency-Key", "it is empty")
	}
	if reports, err = checkReports(reports, now); err != nil {
		return nil, false, err
	}
	defer wrap(&err, "add reports")
	requestKey, digest := s.keys.Digest("request.key", []byte(key)), s.keys.Digest("request", request)
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		added, replayed = nil, false
		if _, err := tx.exec(ctx, "forget requests", "DELETE FROM requests WHERE at < $1", now.Add(-requestsKept).UnixMilli()); err != nil {
			return err
		}
		fresh, err := tx.exec(ctx, "keep request", `INSERT INTO requests (request_key, digest_key, at) VALUES ($1, $2, $3)
			ON CONFLICT (request_key) DO NOTHING`, requestKey, digest, now.UnixMilli())
		if err != nil {
			return err
		}
		if fresh > 0 {
			added, err = tx.addReports(ctx, reports, requestKey, now)
			return err
		}
		var known string
		if err := tx.QueryRowContext(ctx, "SELECT digest_key FROM requests WHERE request_key = $1", requestKey).Scan(&known); err != nil {
			return err
		}
		if known != digest {
			return casefile.Problemf(casefile.ProblemConflict, "Idempotency-Key",
				"it was used for another request; take a new key for a new request")
		}
		replayed = true
		added, err = query(ctx, tx, func(row scanner) (a casefile.Added, err error) { return a, row.Scan(&a.ReportID, &a.CaseID, &a.New) },
			"SELECT id, case_id, opened FROM reports WHERE request_key = $1 ORDER BY id", requestKey)
		return err
	})
	return added, replayed, err
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

func (tx *transaction) addReports(ctx context.Context, reports []casefile.Report, requestKey string, now time.Time) (
	[]casefile.Added, error,
) {
	added := make([]casefile.Added, 0, len(reports))
	for _, r := range reports {
		key := tx.s.targetKey(r.Target)
		err := tx.QueryRowContext(ctx, "SELECT id FROM cases WHERE target_key = $1", key).Scan(&r.CaseID)
		opened := errors.Is(err, sql.ErrNoRows)
		if err != nil && !opened {
			return nil, err
		}
		if err := tx.next(ctx, "reports", &r.ID); err != nil {
			return nil, err
		}
		if opened {
			r.CaseID, err = tx.openCase(ctx, key, r, now)
		} else {
			err = tx.attach(ctx, r, now)
		}
		if err != nil {
			return nil, err
		}
		document, err := toDocument(r, maxReport, "report")
		if err != nil {
			return nil, err
		}
		referrer, err := tx.s.sealTarget("report.referrer", key, r.Referrer)
		if err != nil {
			return nil, err
		}
		_, err = tx.exec(ctx, "insert report", `INSERT INTO reports (id, case_id, opened, referrer_sealed, document, stored_at, request_key)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, r.ID, r.CaseID, opened, referrer, document, now.UnixMilli(), orNull(requestKey))
		if err != nil {
			return nil, err
		}
		added = append(added, casefile.Added{ReportID: r.ID, CaseID: r.CaseID, New: opened})
	}
	return added, nil
}

// next gives the next number of a table: a report and its case name each other.
func (tx *transaction) next(ctx context.Context, table string, id any) error {
	text := "SELECT COALESCE(MAX(id), 0) + 1 FROM " + table
	if tx.s.dialect == DialectPostgres {
		text = "SELECT nextval(pg_get_serial_sequence('" + table + "', 'id'))"
	}
	if err := tx.QueryRowContext(ctx, text).Scan(id); err != nil {
		return fmt.Errorf("number a row of %s: %w", table, err)
	}
	return nil
}

// openCase opens the case of a target that has none, for a report. Another process may do so at the same
// moment: the later one of the two fails, is tried again (temporary) and attaches its report.
func (tx *transaction) openCase(ctx context.Context, key string, r casefile.Report, now time.Time) (id casefile.CaseID, err error) {
	if err := tx.next(ctx, "cases", &id); err != nil {
		return 0, err
	}
	c := &stored{targetKey: key, reportID: r.ID}
	var events []casefile.Event
	c.Case, events = lifecycle.Open(r, tx.s.HostKey(r.Target), now)
	c.ID, c.Version = id, 1
	label, domain := tx.s.nameKeys(c.Target)
	told, err := tx.tellNamesakes(ctx, id, label, domain, now)
	if err != nil {
		return 0, fmt.Errorf("tell namesakes: %w", err)
	}
	chained := c.chain(append(events, told...))
	target, err := tx.s.sealTarget("target", key, c.Target)
	if err != nil {
		return 0, err
	}
	args, err := tx.s.state(c)
	if err != nil {
		return 0, err
	}
	args = append(args[:16], key, string(c.HostKey), target, label, domain, at(c.Opened)) // nobody recorded an origin yet
	if _, err = tx.exec(ctx, "insert case", insertCase, args...); err != nil {
		return 0, err
	}
	if err := tx.insertEvents(ctx, chained); err != nil {
		return 0, err
	}
	tx.due(c.HostKey)
	return id, tx.writeEpisode(ctx, c.Case, now)
}

const insertCase = `INSERT INTO cases (id, version, episode, due_at, due_why, looking_at, visits, event_seq, event_hash, document,
		basis_key, standing, country, hosting_id, report_id, referrer_sealed, target_key, host_key, target_sealed, label_key, domain_key,
			opened_at, replayable)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, COALESCE($13, ''), $14, $15, $16, $17, $18, $19, $20, $21, $22, TRUE)`

// attach adds a further report to its case.
func (tx *transaction) attach(ctx context.Context, r casefile.Report, now time.Time) error {
	c, err := tx.loadCase(ctx, r.CaseID)
	if err != nil {
		return err
	}
	var events []casefile.Event
	c.Case, events, _ = lifecycle.Apply(c.Case, now, lifecycle.Reported{Report: r}) // any case takes a report
	c.Version++
	c.reportID = r.ID
	return tx.writeCase(ctx, c, events, now)
}

// reportRow is a report as it is read, by a join that may find none.
type reportRow struct {
	*casefile.Report
	id       *casefile.ReportID
	referrer []byte
}

// openReport reads a report of the case; nil when the row is absent.
func (s *Store) openReport(r reportRow, c *stored) (report *casefile.Report, err error) {
	if r.Report == nil {
		return nil, nil
	}
	r.ID, r.CaseID, r.Target = *r.id, c.ID, c.Target
	r.Referrer, err = s.openTarget("report.referrer", c.targetKey, r.referrer)
	wrap(&err, "report %d", r.ID)
	return r.Report, err
}

const reportsQuery = "SELECT id, referrer_sealed, document FROM reports WHERE case_id = $1 ORDER BY id LIMIT $2"

// Reports reads the reports of a case, oldest first, at most casefile.MaxPage.
func (s *Store) Reports(ctx context.Context, id casefile.CaseID) (list []casefile.Report, err error) {
	c := new(stored)
	if c.Case, err = s.Case(ctx, id); err != nil {
		return nil, err
	}
	c.targetKey = s.targetKey(c.Target)
	defer wrap(&err, "read reports of case %d", id)
	return query(ctx, s.read, func(row scanner) (casefile.Report, error) {
		var r reportRow
		if err := row.Scan(&r.id, &r.referrer, document{&r.Report}); err != nil {
			return casefile.Report{}, err
		}
		report, err := s.openReport(r, c)
		if err != nil {
			return casefile.Report{}, err
		}
		return *report, nil
	}, reportsQuery, id, casefile.MaxPage)
}
