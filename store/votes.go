package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"vigil/casefile"
)

// testimoniesQuery walks the newest visits by their key, and reads the looks of the
// counted ones by index. It sorts nothing and does not choose by purpose: the rows are
// few, so the reader does, and no planner is led to other ways by its guess of a share.
const testimoniesQuery = `SELECT v.id, c.host_key, v.state, v.dissent, o.vantage, o.purpose
	FROM (SELECT id, case_id, state, dissent, believed FROM visits ORDER BY id DESC LIMIT $1) v
	JOIN cases c ON c.id = v.case_id
	JOIN observations o ON o.visit_id = v.id
	WHERE v.believed`

// Votes reads who looked in the counted ones of the newest visits, of all cases,
// and who said otherwise, newest first, the vantages by name. last is how many visits are read, counted or
// not, from 1 to 10,000. Visits without a look at the target are left out.
func (s *Store) Votes(ctx context.Context, last int) (all []casefile.VisitVote, err error) {
	defer wrap(&err, "read testimonies")
	if last < 1 || last > 10_000 {
		return nil, fmt.Errorf("%d visits: ask for 1 to 10000", last)
	}
	type testimony struct {
		casefile.VisitVote
		id      casefile.VisitID
		purpose casefile.Purpose
	}
	looks, err := query(ctx, s.read, func(row scanner) (testimony, error) {
		var t testimony
		var vantage string
		err := row.Scan(&t.id, &t.Host, &t.State, inJSON{&t.Dissent}, &vantage, &t.purpose)
		t.Looked = []string{vantage}
		return t, err
	}, testimoniesQuery, last)
	if err != nil {
		return nil, err
	}
	looks = slices.DeleteFunc(looks, func(t testimony) bool { return t.purpose != casefile.PurposeTarget })
	slices.SortFunc(looks, func(a, b testimony) int {
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
