package storetest

import (
	"fmt"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/store"
)

// fill sets every field within v to a value of its own. Targets and addresses are left to the caller.
func fill(v reflect.Value, n *int) {
	*n++
	switch to := v.Addr().Interface().(type) {
	case *time.Time:
		*to = epoch.Add(time.Duration(*n) * time.Hour).Add(7 * time.Millisecond)
		return
	case *casefile.Target, *netip.Addr, *netip.Prefix:
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.String:
		v.SetString(fmt.Sprintf("%02d", *n%100)) // two bytes: it may be a country
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	default:
		v.SetInt(int64(*n))
	}
}

// zeros names the fields of a struct that are not set, through embedded and nested ones.
func zeros(t *testing.T, v reflect.Value) (names []string) {
	t.Helper()
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case field.IsZero():
			names = append(names, name)
		case field.Kind() == reflect.Struct && field.CanInterface() && field.NumField() > 0 && field.Type().Field(0).IsExported():
			names = append(names, zeros(t, field)...)
		}
	}
	return names
}

// everyField: a case keeps every field that it has, whoever wrote it: what a report brings, what a visit leaves, what
// a person records. A field that is added to casefile.Case and not kept fails here.
func everyField(t *testing.T, d Database) {
	s := d.Open(t)
	report := casefile.Report{Target: target(t, 1, 1), Referrer: target(t, 2, 2)}
	n := 0
	for _, field := range []any{&report.Source, &report.Reference, &report.Received, &report.Held} {
		fill(reflect.ValueOf(field).Elem(), &n)
	}
	report.Classification = casefile.ClassA1
	added, err := s.AddReports(t.Context(), []casefile.Report{report}, epoch)
	must(t, err)

	// The hosting comes first: an origin is recorded for one that is known.
	v := live(read(t, s, added[0].CaseID), epoch.Add(time.Hour))
	v.Hosting, v.Assignment = new(casefile.Hosting), new(casefile.Assignment)
	fill(reflect.ValueOf(v.Hosting).Elem(), &n)
	fill(reflect.ValueOf(v.Assignment).Elem(), &n)
	v.Hosting.Network = netip.MustParsePrefix("192.0.2.0/24")
	v.Hosting.Addresses = []netip.Addr{netip.MustParseAddr("192.0.2.10")}
	for i := range v.Hosting.Claims {
		v.Hosting.Claims[i].Address = netip.MustParseAddr("192.0.2.10")
	}
	hosted := record(t, s, v)
	origin := casefile.Action{Kind: casefile.ActOrigin, Actor: "ann", Reason: "told", At: epoch.Add(2 * time.Hour), Origin: netip.MustParseAddr("192.0.2.77"), Country: "RO"}
	before, err := s.Act(t.Context(), hosted.ID, origin)
	must(t, err)

	// Whatever is not the store's own is left by a visit.
	v = live(before, epoch.Add(3*time.Hour))
	fields := reflect.ValueOf(&v.After).Elem()
	for i := range fields.NumField() {
		switch fields.Type().Field(i).Name {
		case "ID", "Target", "Referrer", "HostKey", "Version", "Hosting", "Backend", "Assignment", "Visits", "Opened", "Looking", "Report":
		default:
			fill(fields.Field(i), &n)
		}
	}
	v.After.Standing, v.After.Episode.Number = casefile.Review, before.Episode.Number
	must(t, s.RecordVisit(t.Context(), v))
	want := v.After
	want.Version, want.Visits = before.Version+1, 2
	_, err = s.DB().ExecContext(t.Context(), "UPDATE episodes SET first_notice = $1, last_notice = $2",
		want.Episode.FirstNotice.UnixMilli(), want.Episode.LastNotice.UnixMilli()) // the sender of notices writes these
	must(t, err)
	must(t, s.StartVisit(t.Context(), want.ID, want.Version, epoch.Add(4*time.Hour)))
	want.Looking = epoch.Add(4 * time.Hour)

	got := read(t, s, want.ID)
	if diff := cmp.Diff(want, got, show); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
	for _, part := range []any{got, *got.Baseline, *got.Hosting, *got.Assignment, *got.Report} {
		if missing := zeros(t, reflect.ValueOf(part)); len(missing) > 0 {
			t.Errorf("%T: fields that prove nothing: %v", part, missing)
		}
	}
	report.ID, report.CaseID = got.Report.ID, got.ID
	if diff := cmp.Diff(&report, got.Report, show); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	var episodes []casefile.Episode
	must(t, s.Episodes(t.Context(), time.Time{}, func(r casefile.EpisodeRecord) error { episodes = append(episodes, r.Episode); return nil }))
	if diff := cmp.Diff([]casefile.Episode{want.Episode}, episodes); diff != "" {
		t.Errorf("episodes (-want +got):\n%s", diff)
	}
}

// openedTwice: two processes open the cases of the same targets at once. Each target gets one case, and no report is lost.
func openedTwice(t *testing.T, d Database) {
	stores := []*store.Store{d.Open(t), d.Open(t)}
	const targets = 12
	var wait sync.WaitGroup
	for i := range 2 * targets {
		r := casefile.Report{Target: target(t, i/2%4, i/2), Received: epoch}
		wait.Go(func() {
			if _, err := stores[i%2].AddReports(t.Context(), []casefile.Report{r}, epoch); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for query, want := range map[string]int{
		"SELECT COUNT(*) FROM cases": targets, "SELECT COUNT(*) FROM reports": 2 * targets, "SELECT COUNT(*) FROM reports WHERE opened": targets,
		"SELECT COUNT(*) FROM cases c JOIN reports r ON r.id = c.report_id AND r.case_id = c.id AND NOT r.opened": targets,
	} {
		if n := count(t, stores[0], query); n != want {
			t.Errorf("%d, want %d: %s", n, want, query)
		}
	}
	must(t, stores[0].VerifyHistory(t.Context(), nil))
	compareHosts(t, stores[0])
}
