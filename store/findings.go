package store

import (
	"context"
	"fmt"

	"vigil/casefile"
)

// What a visit found, written row by row inside its transaction. Foreign text is cut
// to its column: a look that was made is recorded whatever it brought.

func (tx *transaction) insertVisit(ctx context.Context, v casefile.Visit, host casefile.HostKey) error {
	signals := make([]casefile.Signal, 0, len(v.Verdict.Signals))
	for _, g := range head(v.Verdict.Signals, casefile.MaxSignals) {
		signals = append(signals, casefile.Signal{Name: clip(g.Name, 60), Value: clip(g.Value, casefile.MaxSignalValue), PointsTo: g.PointsTo})
	}
	signalText, err := fitJSON(signals, maxSignals)
	if err != nil {
		return fmt.Errorf("write signals: %w", err)
	}
	dissent, err := fitJSON(append([]casefile.Dissent{}, v.Verdict.Dissent...), maxDissent)
	if err != nil {
		return fmt.Errorf("write dissent: %w", err)
	}
	var id casefile.VisitID
	err = tx.QueryRowContext(ctx, `INSERT INTO visits (case_id, started_at, ended_at, why, state, reason, signals, dissent, believed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		v.CaseID, v.Started.UnixMilli(), v.Ended.UnixMilli(), clip(string(v.Why), 20), string(v.Verdict.State), string(v.Verdict.Reason),
		signalText, dissent, v.Believed).Scan(&id)
	if err != nil {
		return fmt.Errorf("insert visit: %w", err)
	}
	for _, o := range v.Observations {
		if err := tx.insertObservation(ctx, v.CaseID, id, host, o); err != nil {
			return err
		}
	}
	return nil
}

func (tx *transaction) insertObservation(ctx context.Context, id casefile.CaseID, visit casefile.VisitID, host casefile.HostKey, o casefile.Observation) error {
	sealed, err := tx.s.sealTrail(id, o)
	if err != nil {
		return err
	}
	var features any
	if o.Features != nil {
		if features, err = toJSON(o.Features, 2048, "features"); err != nil {
			return err
		}
	}
	var kind, phase, detail any
	if o.Fault != nil {
		kind, phase, detail = string(o.Fault.Kind), string(o.Fault.Phase), orNull(clip(o.Fault.Detail, maxDetail))
	}
	args := []any{visit, id, clip(o.Vantage, maxVantage), string(o.Purpose), o.Started.UnixMilli(), o.Took.Microseconds(), o.Status, o.BodyBytes, o.Truncated,
		features, kind, phase, detail, sealed}
	const insert = `INSERT INTO observations (visit_id, case_id, vantage, purpose, started_at, took_us, status, body_bytes, truncated,
		features, fault_kind, fault_phase, fault_detail, trail_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	if o.Purpose != casefile.PurposeSibling {
		if _, err := tx.ExecContext(ctx, insert, args...); err != nil {
			return fmt.Errorf("insert observation: %w", err)
		}
		return nil
	}
	var observation casefile.ObservationID
	if err := tx.QueryRowContext(ctx, insert+" RETURNING id", args...).Scan(&observation); err != nil {
		return fmt.Errorf("insert observation: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO siblings (host_key, started_at, observation_id) VALUES ($1, $2, $3)
		ON CONFLICT (host_key) DO UPDATE SET started_at = excluded.started_at, observation_id = excluded.observation_id
		WHERE excluded.started_at >= siblings.started_at`, string(host), o.Started.UnixMilli(), observation)
	if err != nil {
		return fmt.Errorf("keep sibling: %w", err)
	}
	return nil
}

func (tx *transaction) insertHosting(ctx context.Context, v casefile.Visit, w *written) error {
	h := v.Hosting
	if h == nil {
		return nil
	}
	sealed, err := tx.s.sealHosting(v.CaseID, *h)
	if err != nil {
		return err
	}
	decided := h.Decided
	if decided.IsZero() {
		decided = v.Ended
	}
	country := clip(h.Country, 2)
	err = tx.QueryRowContext(ctx, "INSERT INTO hostings (case_id, decided_at, country, provider, asn, detail_sealed) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
		v.CaseID, decided.UnixMilli(), country, clip(h.Provider, maxProvider), int64(h.ASN), sealed).Scan(&w.hosting)
	if err != nil {
		return fmt.Errorf("insert hosting: %w", err)
	}
	w.country = country
	return nil
}

func (tx *transaction) insertAssignment(ctx context.Context, v casefile.Visit, w *written) error {
	a := v.Assignment
	if a == nil {
		return nil
	}
	hotlines := make([]string, 0, len(a.Hotlines))
	for _, h := range head(a.Hotlines, 20) {
		hotlines = append(hotlines, clip(h, maxHotline))
	}
	text, err := fitJSON(hotlines, 4096)
	if err != nil {
		return fmt.Errorf("write hotlines: %w", err)
	}
	when := a.At
	if when.IsZero() {
		when = v.Ended
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO assignments (case_id, hosting_country, assigned_country, hotlines, policy, at, acknowledged_at, confirmed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		v.CaseID, clip(a.HostingCountry, 2), clip(a.AssignedCountry, 2), text, clip(a.Policy, 40), when.UnixMilli(), at(a.Acknowledged), a.Confirmed).Scan(&w.assignment)
	if err != nil {
		return fmt.Errorf("insert assignment: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM case_hotlines WHERE case_id = $1", v.CaseID); err != nil {
		return fmt.Errorf("index hotlines: %w", err)
	}
	for _, h := range hotlines {
		if _, err := tx.ExecContext(ctx, "INSERT INTO case_hotlines (hotline, case_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", h, v.CaseID); err != nil {
			return fmt.Errorf("index hotlines: %w", err)
		}
	}
	return nil
}
