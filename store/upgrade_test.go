package store_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/seal"
	"vigil/lifecycle"
	"vigil/store"
	"vigil/store/storetest"
)

// TestAnOlderDatabaseIsBroughtUpToDate opens databases that earlier schemas made, with cases whose every field is
// set. missing is what each schema lacks.
func TestAnOlderDatabaseIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	for version, missing := range map[int64][]string{
		1: {"cases.origin_sealed", "cases.label_key", "episodes.provider_since", "cases.ruling", "episodes.recorded", "cases.document"},
		2: {"cases.label_key", "episodes.provider_since", "cases.ruling", "episodes.recorded", "cases.document"},
		3: {"cases.ruling", "episodes.recorded", "cases.document"},
		4: {"cases.document", "visits.basis_sealed"},
	} {
		t.Run(fmt.Sprintf("sqlite %d", version), func(t *testing.T) {
			t.Parallel()
			upgrade(t, storetest.SQLite, version, missing)
		})
		if !storetest.HasPostgres(t) {
			continue
		}
		t.Run(fmt.Sprintf("postgres %d", version), func(t *testing.T) {
			t.Parallel()
			upgrade(t, storetest.Postgres, version, missing)
		})
	}
}

func upgrade(t *testing.T, fresh func(testing.TB) storetest.Database, version int64, missing []string) {
	d := fresh(t)
	o := older{t: t, db: store.OpenAt(t, d.URL, version), keys: d.Keys, version: version}
	for _, column := range missing {
		table, name, _ := strings.Cut(column, ".")
		if slices.Contains(o.columns(table), name) {
			t.Fatalf("the older schema has %s already: nothing is proved", column)
		}
	}
	full, young := o.full(), o.young()
	if err := o.db.Close(); err != nil {
		t.Fatal(err)
	}

	s := d.Open(t)
	show := cmp.Options{
		cmp.Comparer(func(a, b casefile.Target) bool { return a.URL() == b.URL() }),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
	for _, want := range []casefile.Case{full, young} {
		want.HostKey = s.HostKey(want.Target)
		got, err := s.Case(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, show); diff != "" {
			t.Errorf("case (-before +after):\n%s", diff)
		}
		reports, err := s.Reports(t.Context(), want.ID)
		if diff := cmp.Diff([]casefile.Report{*want.Report}, reports, show); diff != "" || err != nil {
			t.Errorf("reports (-before +after) %v:\n%s", err, diff)
		}
	}
	var episodes []casefile.EpisodeRecord
	if err := s.Episodes(t.Context(), time.Time{}, func(r casefile.EpisodeRecord) error { episodes = append(episodes, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]casefile.EpisodeRecord{
		{CaseID: full.ID, HostKey: s.HostKey(full.Target), Episode: o.removed(), Outcome: casefile.OutcomeRemoved, Ended: hour(4)},
		{CaseID: full.ID, HostKey: s.HostKey(full.Target), Episode: full.Episode, Outcome: casefile.OutcomeOpen},
		{CaseID: young.ID, HostKey: s.HostKey(young.Target), Episode: young.Episode, Outcome: casefile.OutcomeOpen},
	}, episodes); diff != "" {
		t.Errorf("episodes (-before +after):\n%s", diff)
	}
	// And it works: names come from the sealed targets, numbers and histories go on.
	for of, other := range map[casefile.CaseID]casefile.CaseID{full.ID: young.ID, young.ID: full.ID} {
		if n, err := s.SameLabelCases(t.Context(), of); err != nil || len(n.Cases) != 1 || n.Cases[0].CaseID != other {
			t.Errorf("namesakes of case %d: %+v, %v", of, n, err)
		}
	}
	origin := netip.MustParseAddr("203.0.113.7")
	if _, err := s.Act(t.Context(), full.ID, casefile.Action{Kind: casefile.ActOrigin, Actor: "ann", Reason: "the provider told us", At: hour(50), Origin: origin}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Case(t.Context(), full.ID); err != nil || got.Backend == nil || got.Backend.Address != origin {
		t.Errorf("%+v, %v", got.Backend, err)
	}
	for _, id := range []casefile.CaseID{full.ID, young.ID} {
		events, err := s.Events(t.Context(), id, 0, casefile.MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Case(t.Context(), id)
		if diff := cmp.Diff(got.Life, lifecycle.Replay(events)); diff != "" || err != nil || casefile.VerifyChain(events) != nil {
			t.Errorf("case %d, as stored and as its events tell it (-stored +events) %v, %v:\n%s", id, err, casefile.VerifyChain(events), diff)
		}
	}
	visits, err := s.Visits(t.Context(), full.ID, 0, 10)
	if err != nil || len(visits) != 1 || len(visits[0].Observations) != 1 {
		t.Fatalf("%+v, %v", visits, err)
	}
	signals := []casefile.Signal{{Name: "page", Value: "bytes=1834 words=15 links=1 images=0 embeds=0"}, {Name: "doubt", Value: "removed_among_pictures", PointsTo: casefile.StateChanged}}
	if !slices.Equal(visits[0].Verdict.Signals, signals) {
		t.Errorf("signals: %+v", visits[0].Verdict.Signals)
	}
	another, err := casefile.NewTarget("https://site-3.example/")
	if err != nil {
		t.Fatal(err)
	}
	added, err := s.AddReports(t.Context(), []casefile.Report{{Target: full.Target}, {Target: another}}, hour(51))
	if err != nil || added[0].New || !added[1].New || added[1].CaseID != young.ID+1 || added[0].ReportID != young.Report.ID+1 {
		t.Errorf("%+v, %v", added, err)
	}
	if err := s.VerifyHistory(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// lived is a case that was reported and visited once.
func lived(t *testing.T, s *store.Store, url string, now time.Time) casefile.CaseID {
	t.Helper()
	x, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	added, err := s.AddReports(t.Context(), []casefile.Report{{Target: x, Source: "public", Received: now}}, now)
	if err != nil {
		t.Fatal(err)
	}
	recordVisit(t, s, added[0].CaseID, now, "Example Net", "NL", casefile.ReasonServed)
	return added[0].CaseID
}

// recordVisit records a visit that decides the hosting anew; one gone verdict confirms.
func recordVisit(t *testing.T, s *store.Store, id casefile.CaseID, now time.Time, provider, country string, reason casefile.Reason) {
	t.Helper()
	c, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	v := casefile.Visit{
		CaseID: c.ID, Started: now, Ended: now, Why: c.Due.Why, Counted: true, Verdict: casefile.Verdict{State: reason.State(), Reason: reason},
		Observations: []casefile.Observation{{Vantage: "local", Purpose: casefile.PurposeTarget, Started: now, Status: 200}},
		Hosting:      &casefile.Hosting{Country: country, Provider: provider, Edge: &casefile.Edge{Name: "Example Edge"}, Origin: casefile.OriginUnknown, Decided: now},
	}
	v.After, v.Events, _ = lifecycle.Apply(c, now, lifecycle.Visited{Visit: v, Thresholds: lifecycle.Thresholds{Confirm: casefile.Confirm{Verdicts: 1}, Aftercare: []time.Duration{1000 * time.Hour}}})
	v.After.Due = casefile.Due{At: now.Add(time.Hour), Why: casefile.WhyCadence}
	if err := s.StartVisit(t.Context(), c.ID, c.Version, now); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordVisit(t.Context(), v); err != nil {
		t.Fatal(err)
	}
}

// hour is a time of the lives below. Its milliseconds must survive.
func hour(n int) time.Time {
	return time.Date(2026, 11, 2, 8, 0, 0, int(7*time.Millisecond), time.UTC).Add(time.Duration(n) * time.Hour)
}

// older writes rows as an older Vigil did: by SQL, those columns that its schema has.
type older struct {
	t       *testing.T
	db      *sql.DB
	keys    *seal.Keys
	version int64
}

func (o older) columns(table string) []string {
	rows, err := o.db.QueryContext(o.t.Context(), "SELECT * FROM "+table)
	if err != nil {
		o.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err = errors.Join(err, rows.Err()); err != nil {
		o.t.Fatal(err)
	}
	return columns
}

func (o older) insert(table string, row map[string]any) {
	var names, places []string
	var values []any
	for _, name := range o.columns(table) {
		if value, ok := row[name]; ok && value != nil {
			names, values = append(names, name), append(values, value)
			places = append(places, fmt.Sprintf("$%d", len(values)))
		}
	}
	text := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(places, ", "))
	if _, err := o.db.ExecContext(o.t.Context(), text, values...); err != nil {
		o.t.Fatalf("%s: %v", table, err)
	}
	if id, ok := row["id"]; ok && strings.Contains(fmt.Sprintf("%T", o.db.Driver()), "stdlib") { // PostgreSQL: where the numbers go on
		if _, err := o.db.ExecContext(o.t.Context(), fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', 'id'), %d)", table, id)); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o older) seal(plain []byte, place string) []byte {
	sealed, err := o.keys.Seal(plain, []byte(place))
	if err != nil {
		o.t.Fatal(err)
	}
	return sealed
}

func (o older) json(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		o.t.Fatal(err)
	}
	return data
}

// ms is a time as a column.
func ms(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UnixMilli()
}

// removed is the first episode of the full case: it moved from host to host, and out of the country.
func (o older) removed() casefile.Episode {
	return casefile.Episode{
		Number: 1, Opened: hour(0), FirstSeen: hour(1), LastSeen: hour(3), FirstGone: hour(4), Removed: hour(4), Recorded: o.version >= 4,
		FirstNotice: hour(2), LastNotice: hour(3), Provider: `Second "Net" \ é`, Country: "DE", ProviderSince: hour(2), CountrySince: hour(3),
	}
}

// full is a case with every field set that the schema knows.
func (o older) full() casefile.Case {
	target, err := casefile.NewTarget("https://site-1.example/")
	if err != nil {
		o.t.Fatal(err)
	}
	referrer, err := casefile.NewTarget("https://site-2.example/from")
	if err != nil {
		o.t.Fatal(err)
	}
	again := o.removed()
	again.Number, again.Opened, again.FirstSeen, again.LastSeen, again.Removed = 2, hour(30), hour(30), hour(31), hour(33)
	again.ProviderSince, again.CountrySince, again.FirstGone, again.FirstNotice, again.LastNotice = hour(30), hour(30), hour(32), hour(31), hour(32)
	c := casefile.Case{
		ID: 7, Target: target, Referrer: referrer, Version: 12, Due: casefile.Due{At: hour(40), Why: casefile.WhyCadence},
		Life: casefile.Life{
			Standing: casefile.Review, Held: true, Episode: again, Streak: casefile.Streak{Count: 2, First: hour(32), Last: hour(33)},
			Undecided: casefile.Streak{Count: 3, First: hour(34), Last: hour(36)}, Unseen: hour(35), Aftercare: 4, NoticesComposed: true,
			Last: casefile.Opinion{State: casefile.StateChanged, Reason: casefile.ReasonContentDiffers, At: hour(36)},
		},
		Baseline: &casefile.Features{Digest: "abc", SimHash: 1<<63 + 7, Words: 120, PrefixDigests: []string{"d"}, HTML: true, Markers: []casefile.Marker{casefile.MarkerLogin}},
		Hosting: &casefile.Hosting{
			Provider: again.Provider, ASN: 64500, Network: netip.MustParsePrefix("192.0.2.0/24"), Country: "DE", Edge: &casefile.Edge{Name: "Example Edge"},
			Origin: casefile.OriginUnknown, Decided: hour(30), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")},
		},
		Backend: &casefile.Backend{Address: netip.MustParseAddr("192.0.2.77"), Country: "RO", By: "ann", At: hour(10)},
		Assignment: &casefile.Assignment{
			ID: 5, CaseID: 7, HostingCountry: "DE", AssignedCountry: "NL", Hotlines: []string{`Hotline "A" é`, "Hotline B"}, Policy: "orphan",
			At: hour(30), Acknowledged: hour(31), Confirmed: true,
		},
		Visits: 9, Opened: hour(0), Looking: hour(39),
		Report: &casefile.Report{
			ID: 3, CaseID: 7, Target: target, Referrer: referrer, Source: `the "public" \ é` + "\n\x01", Reference: "R-7", Classification: casefile.ClassA1,
			Received: hour(29), Held: true,
		},
	}
	if o.version < 2 {
		c.Backend = nil
	}
	if o.version >= 4 {
		c.Review = casefile.ReviewDecision{Asked: "content_differs", Fenced: true, Hosting: true, Overturned: casefile.ReasonHTTP404, Gone: casefile.ReasonHTTP410}
	}
	for i, h := range []struct{ provider, country string }{
		{"Example Net", "NL"}, {again.Provider, "NL"}, {again.Provider, "DE"}, {again.Provider, "DE"},
	} {
		o.insert("hostings", map[string]any{
			"id": i + 1, "case_id": c.ID, "decided_at": ms(hour([]int{1, 2, 3, 30}[i])), "country": h.country, "provider": h.provider, "asn": 64500,
			"detail_sealed": o.seal(o.json(c.Hosting), "hosting:7"),
		})
	}
	a := c.Assignment
	o.insert("assignments", map[string]any{
		"id": int64(a.ID), "case_id": c.ID, "hosting_country": a.HostingCountry, "assigned_country": a.AssignedCountry, "hotlines": string(o.json(a.Hotlines)),
		"policy": a.Policy, "at": ms(a.At), "acknowledged_at": ms(a.Acknowledged), "confirmed": a.Confirmed,
	})
	o.write(c, 4)
	o.episode(c, o.removed(), casefile.OutcomeRemoved, hour(4))
	o.insert("visits", map[string]any{
		"id": 2, "case_id": c.ID, "started_at": ms(hour(30)), "ended_at": ms(hour(30)), "why": "cadence", "state": "live", "reason": "served",
		"signals": `[{"name":"page","value":"1834 bytes, 15 words, 1 links, 0 images, 0 embeds","points_to":""},` +
			`{"name":"doubt","value":"says removed, among pictures","points_to":"changed"}]`, "dissent": "[]", "believed": true,
	})
	o.insert("observations", map[string]any{
		"id": 2, "visit_id": 2, "case_id": c.ID, "vantage": "local", "purpose": "target", "started_at": ms(hour(30)), "took_us": 5, "status": 200, "body_bytes": 0,
		"truncated": false, "trail_sealed": o.seal([]byte("{}"), "trail:7"),
	})
	return c
}

// young is a case that was just reported, of the same name under another ending.
func (o older) young() casefile.Case {
	target, err := casefile.NewTarget("https://site-1.test/")
	if err != nil {
		o.t.Fatal(err)
	}
	c := casefile.Case{
		ID: 8, Target: target, Version: 1, Due: casefile.Due{At: hour(36), Why: casefile.WhyReported}, Opened: hour(36),
		Life:   casefile.Life{Standing: casefile.Watching, Episode: casefile.Episode{Number: 1, Opened: hour(36)}},
		Report: &casefile.Report{ID: 4, CaseID: 8, Target: target, Source: "public", Classification: casefile.ClassUnclassified, Received: hour(36)},
	}
	o.write(c, nil)
	return c
}

// write writes the row of a case, with its running episode, latest report and history.
func (o older) write(c casefile.Case, hosting any) {
	key := o.keys.Digest("target", []byte(c.Target.URL()))
	events := []casefile.Event{{At: c.Opened, Kind: casefile.EventReported, Actor: casefile.ActorVigil}, {At: c.Opened, Kind: casefile.EventNoted, Actor: "ann"}}
	casefile.Chain(c.ID, 0, "", events)
	row := map[string]any{
		"id": int64(c.ID), "target_key": key, "host_key": o.hostKey(c), "target_sealed": o.seal([]byte(c.Target.URL()), "target:"+key),
		"standing": string(c.Standing), "held": c.Held, "version": c.Version, "episode": c.Episode.Number,
		"streak_count": c.Streak.Count, "streak_first": ms(c.Streak.First), "streak_last": ms(c.Streak.Last),
		"undecided_count": c.Undecided.Count, "undecided_first": ms(c.Undecided.First), "undecided_last": ms(c.Undecided.Last),
		"unseen_since": ms(c.Unseen), "last_state": string(c.Last.State), "last_reason": string(c.Last.Reason), "last_at": ms(c.Last.At),
		"due_at": ms(c.Due.At), "due_why": string(c.Due.Why), "aftercare": c.Aftercare, "country": "", "hosting_id": hosting, "informed": c.NoticesComposed,
		"visits": c.Visits, "opened_at": ms(c.Opened), "looking_at": ms(c.Looking), "report_id": int64(c.Report.ID),
		"event_seq": 2, "event_hash": events[1].Hash,
	}
	if hosting != nil {
		row["country"], row["assignment_id"] = c.Hosting.Country, int64(c.Assignment.ID)
		row["baseline"], row["referrer_sealed"] = string(o.json(c.Baseline)), o.seal([]byte(c.Referrer.URL()), "referrer:"+key)
		if c.Backend != nil {
			row["origin_sealed"] = o.seal(o.json(c.Backend), fmt.Sprintf("origin:%d", c.ID))
		}
		if c.Review != (casefile.ReviewDecision{}) {
			row["ruling"] = string(o.json(c.Review))
		}
	}
	o.insert("cases", row)
	o.insert("hosts", map[string]any{"host_key": o.hostKey(c), "due_at": ms(c.Due.At)})
	o.episode(c, c.Episode, casefile.OutcomeOpen, time.Time{})
	r := c.Report
	report := map[string]any{
		"id": int64(r.ID), "case_id": int64(c.ID), "opened": true, "source": r.Source, "reference": r.Reference, "classification": string(r.Classification),
		"received_at": ms(r.Received), "held": r.Held, "stored_at": ms(c.Opened),
	}
	if !r.Referrer.IsZero() {
		report["referrer_sealed"] = o.seal([]byte(r.Referrer.URL()), "report.referrer:"+key)
	}
	o.insert("reports", report)
	for i, e := range events {
		o.insert("events", map[string]any{
			"id": 2*int(c.ID) + i, "case_id": int64(c.ID), "seq": e.Seq, "at": ms(e.At), "kind": string(e.Kind), "actor": e.Actor, "data": "null",
			"previous": e.Previous, "hash": e.Hash,
		})
	}
}

func (o older) hostKey(c casefile.Case) string { return o.keys.Digest("host", []byte(c.Target.Host())) }

func (o older) episode(c casefile.Case, e casefile.Episode, outcome casefile.Outcome, ended time.Time) {
	o.insert("episodes", map[string]any{
		"case_id": int64(c.ID), "number": e.Number, "host_key": o.hostKey(c), "opened_at": ms(e.Opened), "first_seen": ms(e.FirstSeen), "last_seen": ms(e.LastSeen),
		"first_gone": ms(e.FirstGone), "removed_at": ms(e.Removed), "first_notice": ms(e.FirstNotice), "last_notice": ms(e.LastNotice), "outcome": string(outcome),
		"ended_at": ms(ended), "country": e.Country, "provider": e.Provider, "country_since": ms(e.CountrySince), "provider_since": ms(e.ProviderSince),
		"recorded": e.Recorded,
	})
}
