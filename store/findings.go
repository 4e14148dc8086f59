package store

import (
	"context"
	"time"

	"vigil/casefile"
)

// What a visit found, written row by row inside its transaction. Foreign text is cut
// to its column: a look that was made is recorded whatever it brought.

func (tx *transaction) insertVisit(ctx context.Context, v casefile.Visit, c *stored) error {
	signals := make([]casefile.Signal, 0, len(v.Verdict.Signals))
	for _, g := range head(v.Verdict.Signals, casefile.MaxSignals) {
		signals = append(signals, casefile.Signal{Name: clip(g.Name, 60), Value: clip(g.Value, casefile.MaxSignalValue), PointsTo: g.PointsTo})
	}
	dissent := fitJSON(append([]casefile.Dissent{}, v.Verdict.Dissent...), maxDissent)
	basis, err := tx.s.sealBasis(c, v.Basis)
	if err != nil {
		return err
	}
	id, err := tx.insert(ctx, "insert visit", `INSERT INTO visits (case_id, started_at, ended_at, why, state, reason, signals, dissent,
		believed, basis_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		v.CaseID, v.Started.UnixMilli(), v.Ended.UnixMilli(), clip(string(v.Why), 20), string(v.Verdict.State), string(v.Verdict.Reason),
		fitJSON(signals, maxSignals), dissent, v.Counted, basis)
	if err != nil {
		return err
	}
	for _, o := range v.Observations {
		if err := tx.insertObservation(ctx, v.CaseID, casefile.VisitID(id), c.HostKey, o); err != nil {
			return err
		}
	}
	return nil
}

func (tx *transaction) insertObservation(ctx context.Context, id casefile.CaseID, visit casefile.VisitID, host casefile.HostKey,
	o casefile.Observation) error {
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
	args := []any{visit, id, clip(o.Vantage, maxVantage), string(o.Purpose), o.Started.UnixMilli(), o.Took.Microseconds(), o.Status,
		o.BodyBytes, o.Truncated, features, kind, phase, detail, sealed}
	const insert = `INSERT INTO observations (visit_id, case_id, vantage, purpose, started_at, took_us, status, body_bytes, truncated,
		features, fault_kind, fault_phase, fault_detail, trail_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	if o.Purpose != casefile.PurposeDecoy {
		return tx.later(ctx, "insert observation", insert, args...)
	}
	observation, err := tx.insert(ctx, "insert observation", insert, args...)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, "keep sibling", `INSERT INTO siblings (host_key, started_at, observation_id) VALUES ($1, $2, $3)
		ON CONFLICT (host_key) DO UPDATE SET started_at = excluded.started_at, observation_id = excluded.observation_id
		WHERE excluded.started_at >= siblings.started_at`, string(host), o.Started.UnixMilli(), observation)
	return err
}

// insertHosting stores the decision of a visit as the latest one of the case; without one it does nothing.
func (tx *transaction) insertHosting(ctx context.Context, c *stored, v casefile.Visit) error {
	h := v.Hosting
	if h == nil {
		return nil
	}
	sealed, err := tx.s.sealHosting(c.ID, *h)
	if err != nil {
		return err
	}
	decided := h.Decided
	if decided.IsZero() {
		decided = v.Ended
	}
	c.Hosting = h
	c.hostingID, err = tx.insert(ctx, "insert hosting", `INSERT INTO hostings (case_id, decided_at, country, provider, asn, detail_sealed)
		VALUES ($1, $2, $3, $4, $5, $6)`, c.ID, decided.UnixMilli(), clip(h.Country, 2), clip(h.Provider, maxProvider), int64(h.ASN), sealed)
	return err
}

// insertAssignment stores the assignment of a visit as the latest one of the case; without one it does nothing. The
// table is a record of all of them; the case itself keeps the latest.
func (tx *transaction) insertAssignment(ctx context.Context, c *stored, v casefile.Visit) error {
	if v.Assignment == nil {
		return nil
	}
	a := *v.Assignment
	a.CaseID, a.HostingCountry, a.AssignedCountry, a.Policy = c.ID, clip(a.HostingCountry, 2), clip(a.AssignedCountry, 2), clip(a.Policy, 40)
	if a.At.IsZero() {
		a.At = v.Ended
	}
	a.At, a.Acknowledged = a.At.UTC().Truncate(time.Millisecond), a.Acknowledged.UTC().Truncate(time.Millisecond)
	hotlines := make([]string, 0, len(a.Hotlines))
	for _, h := range head(a.Hotlines, 20) {
		hotlines = append(hotlines, clip(h, maxHotline))
	}
	a.Hotlines = hotlines
	id, err := tx.insert(ctx, "insert assignment", `INSERT INTO assignments (case_id, hosting_country, assigned_country, hotlines, policy,
		at, acknowledged_at, confirmed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, a.HostingCountry, a.AssignedCountry, fitJSON(hotlines, 4096), a.Policy, at(a.At), at(a.Acknowledged), a.Confirmed)
	if err != nil {
		return err
	}
	a.ID = casefile.AssignmentID(id)
	c.Assignment = &a
	if _, err := tx.exec(ctx, "index hotlines", "DELETE FROM case_hotlines WHERE case_id = $1", c.ID); err != nil {
		return err
	}
	for _, h := range hotlines {
		const index = "INSERT INTO case_hotlines (hotline, case_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
		if _, err := tx.exec(ctx, "index hotlines", index, h, c.ID); err != nil {
			return err
		}
	}
	return nil
}
