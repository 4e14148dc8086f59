package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"vigil/casefile"
)

const (
	visitsQuery = `SELECT id, case_id, started_at, ended_at, why, state, reason, signals, dissent, believed, basis_sealed FROM visits
		WHERE case_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
	// A page's visits are all visits of the case between its ends.
	observationsQuery = "SELECT " + observationColumns + ` FROM visits v JOIN observations o ON o.visit_id = v.id
		WHERE v.case_id = $1 AND v.id BETWEEN $2 AND $3 ORDER BY v.id, o.id`
	basisQuery   = "SELECT basis_sealed FROM visits WHERE case_id = $1 AND id < $2 AND basis_sealed IS NOT NULL ORDER BY id DESC LIMIT 1"
	siblingQuery = "SELECT " + observationColumns + ` FROM siblings s JOIN observations o ON o.id = s.observation_id
		WHERE s.host_key = $1 AND s.started_at >= $2`
)

// Visits reads a page of the visits of a case with their observations, newest
// first, those before the given one; 0 begins with the newest. Their hosting,
// assignment, notices and events are read apart; After is zero.
func (s *Store) Visits(ctx context.Context, id casefile.CaseID, before casefile.VisitID, limit int) ([]casefile.Visit, error) {
	limit, err := page(limit)
	if err != nil {
		return nil, err
	}
	if before == 0 {
		before = math.MaxInt64
	}
	return s.visits(ctx, s.read, id, before, limit)
}

func (s *Store) visits(ctx context.Context, from querier, id casefile.CaseID, before casefile.VisitID, limit int) (
	visits []casefile.Visit, err error,
) {
	defer wrap(&err, "read visits of case %d", id)
	based, err := query(ctx, from, scanVisit, visitsQuery, id, before, limit)
	if err != nil || len(based) == 0 {
		return nil, err
	}
	if visits, err = s.withBasis(ctx, from, id, based); err != nil {
		return nil, err
	}
	looks, err := query(ctx, from, s.scanObservation, observationsQuery, id, visits[len(visits)-1].ID, visits[0].ID)
	index := make(map[casefile.VisitID]int, len(visits))
	for i, v := range visits {
		index[v.ID] = i
	}
	for _, o := range looks {
		if i, ok := index[o.visit]; ok {
			visits[i].Observations = append(visits[i].Observations, o.Observation)
		}
	}
	return visits, err
}

// based is a visit with the basis of its own, sealed: nil when that is the one of the visit before.
type based struct {
	casefile.Visit
	basis []byte
}

// withBasis opens the basis of each visit of a page; the visits are the newest first.
func (s *Store) withBasis(ctx context.Context, from querier, id casefile.CaseID, list []based) ([]casefile.Visit, error) {
	if oldest := &list[len(list)-1]; oldest.basis == nil {
		scan := func(row scanner) (sealed []byte, err error) { return sealed, row.Scan(&sealed) }
		before, err := query(ctx, from, scan, basisQuery, id, oldest.ID)
		if err != nil {
			return nil, err
		}
		oldest.basis = slices.Concat(before...)
	}
	visits := make([]casefile.Visit, len(list))
	var now casefile.Basis
	for i, v := range slices.Backward(list) {
		if len(v.basis) > 0 {
			var revealed casefile.RevealedBasis
			err := s.openJSON("basis", id, v.basis, &revealed)
			if err == nil {
				now, err = revealed.Read()
			}
			if err != nil {
				return nil, err
			}
		}
		visits[i], visits[i].Basis = v.Visit, now
	}
	return visits, nil
}

// sealBasis seals the basis of a visit of a locked case; nil when it is that of the visit before, or when
// none is known. When it would not fit, its larger parts are left out: a visit that was made must be
// recorded.
func (s *Store) sealBasis(c *stored, b casefile.Basis) (any, error) {
	if len(b.Vantages) == 0 {
		return nil, nil
	}
	r := b.Reveal()
	data, err := fitting(&r, maxBasis, "basis", func() { r.Decoy = nil }, func() { r.Registrar = nil }, func() { r.Baseline = nil })
	if err != nil {
		return nil, err
	}
	key := s.keys.Digest("basis", data)
	if key == c.basisKey {
		return nil, nil
	}
	c.basisKey = key
	return s.keys.Seal(data, sealContext("basis", c.ID))
}

func scanVisit(row scanner) (based, error) {
	var v based
	err := row.Scan(&v.ID, &v.CaseID, stamp{&v.Started}, stamp{&v.Ended}, &v.Why, &v.Verdict.State, &v.Verdict.Reason,
		inJSON{&v.Verdict.Signals}, inJSON{&v.Verdict.Dissent}, &v.Counted, &v.basis)
	wrap(&err, "visit %d", v.ID)
	return v, err
}

const observationColumns = `o.id, o.visit_id, o.case_id, o.vantage, o.purpose, o.started_at, o.took_us, o.status, o.body_bytes, o.truncated,
	o.features, o.fault_kind, o.fault_phase, o.fault_detail, o.trail_sealed`

type seen struct {
	casefile.Observation
	visit casefile.VisitID
}

func (s *Store) scanObservation(row scanner) (seen, error) {
	var o seen
	var id casefile.CaseID
	var took int64
	var kind, phase, detail *string
	var sealed []byte
	err := row.Scan(&o.ID, &o.visit, &id, &o.Vantage, &o.Purpose, stamp{&o.Started}, &took, &o.Status, &o.BodyBytes, &o.Truncated,
		inJSON{&o.Features}, &kind, &phase, &detail, &sealed)
	if err != nil {
		return o, fmt.Errorf("observation %d: %w", o.ID, err)
	}
	o.Took = time.Duration(took) * time.Microsecond
	if kind != nil && phase != nil {
		o.Fault = &casefile.Fault{Kind: casefile.FaultKind(*kind), Phase: casefile.Phase(*phase)}
		if detail != nil {
			o.Fault.Detail = *detail
		}
	}
	return o, s.openTrail(id, sealed, &o.Observation)
}

// Decoy reads the latest look at a path of the host that surely does not exist,
// when it began at or after since; nil when there is none.
func (s *Store) Decoy(ctx context.Context, host casefile.HostKey, since time.Time) (o *casefile.Observation, err error) {
	defer wrap(&err, "read sibling look")
	looks, err := query(ctx, s.read, s.scanObservation, siblingQuery, string(host), since.UnixMilli())
	if err != nil || len(looks) == 0 {
		return nil, err
	}
	return &looks[0].Observation, nil
}

// votesQuery walks the newest visits by their key, and reads the looks of the
// counted ones by index. It sorts nothing and does not choose by purpose: the rows are
// few, so the reader does, and no planner is led to other ways by its guess of a share.
const votesQuery = `SELECT v.id, c.host_key, v.state, v.dissent, o.vantage, o.purpose
	FROM (SELECT id, case_id, state, dissent, believed FROM visits ORDER BY id DESC LIMIT $1) v
	JOIN cases c ON c.id = v.case_id
	JOIN observations o ON o.visit_id = v.id
	WHERE v.believed`

// Votes reads who looked in the counted ones of the newest visits, of all cases,
// and who said otherwise, newest first, the vantages by name. last is how many visits are read, counted or
// not, from 1 to 10,000. Visits without a look at the target are left out.
func (s *Store) Votes(ctx context.Context, last int) (all []casefile.VisitVote, err error) {
	defer wrap(&err, "read votes")
	if last < 1 || last > 10_000 {
		return nil, fmt.Errorf("%d visits: ask for 1 to 10000", last)
	}
	type vote struct {
		casefile.VisitVote
		id      casefile.VisitID
		purpose casefile.Purpose
	}
	looks, err := query(ctx, s.read, func(row scanner) (vote, error) {
		var t vote
		var vantage string
		err := row.Scan(&t.id, &t.Host, &t.State, inJSON{&t.Dissent}, &vantage, &t.purpose)
		t.Looked = []string{vantage}
		return t, err
	}, votesQuery, last)
	if err != nil {
		return nil, err
	}
	looks = slices.DeleteFunc(looks, func(t vote) bool { return t.purpose != casefile.PurposeTarget })
	slices.SortFunc(looks, func(a, b vote) int {
		return cmp.Or(cmp.Compare(b.id, a.id), cmp.Compare(a.Looked[0], b.Looked[0]))
	})
	for i, t := range looks {
		if i > 0 && looks[i-1].id == t.id {
			if visit := &all[len(all)-1]; !slices.Contains(visit.Looked, t.Looked[0]) {
				visit.Looked = append(visit.Looked, t.Looked[0])
			}
			continue
		}
		all = append(all, t.VisitVote)
	}
	return all, nil
}
