package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"vigil/casefile"
	"vigil/internal/fakenet"
	"vigil/stats"
)

// demoSummary is what the demo proved, or did not.
type demoSummary struct {
	rows     []demoRow
	faults   []string
	recorded int64 // looks found in the database
	searched int64 // bytes searched for markers
	notices  map[casefile.NoticeState]int
	figures  stats.Removal
}

// demoRow is one case as the table shows it.
type demoRow struct {
	c       casefile.Case
	ending  fakenet.Ending
	states  []casefile.State
	took    time.Duration // from report to removal, of the first episode that was seen and removed; 0 for none
	notices map[casefile.NoticeState]int
	wrong   string
}

// prove examines the stopped app: did every site end as its script says, was every look that
// started recorded, was each notice sent once, is the history whole, and is there no trace of any page?
func (d *demo) prove(ctx context.Context) (*demoSummary, error) {
	s := &demoSummary{notices: map[casefile.NoticeState]int{}}
	var unsealed bytes.Buffer // everything the database holds, as Vigil reads it: also what is sealed
	removals := map[casefile.CaseID]time.Duration{}
	err := d.engine.Store.Episodes(ctx, time.Time{}, func(r casefile.EpisodeRecord) error {
		_, known := removals[r.CaseID]
		if !known && r.Outcome == casefile.OutcomeRemoved || r.Episode.Number == 1 && !r.Episode.FirstGone.IsZero() {
			removals[r.CaseID] = r.Episode.FirstGone.Sub(r.Episode.Opened)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id, ending := range d.cases {
		row, err := d.examine(ctx, id, ending, s, &unsealed)
		if err != nil {
			return nil, err
		}
		if ending.Standing == casefile.Removed || ending.Returned {
			row.took = removals[id]
		}
		if row.wrong != "" {
			s.faults = append(s.faults, fmt.Sprintf("V-%d %s: %s", id, ending.Name, row.wrong))
		}
		s.rows = append(s.rows, row)
	}
	slices.SortFunc(s.rows, func(a, b demoRow) int { return int(a.c.ID - b.c.ID) })
	if started := d.looks.Load(); started != s.recorded {
		s.faults = append(s.faults, fmt.Sprintf("%d looks were started and %d are recorded", started, s.recorded))
	}
	if err := d.engine.Store.VerifyHistory(ctx, nil); err != nil {
		s.faults = append(s.faults, err.Error())
	}
	s.faults = append(s.faults, d.mails(s)...)
	if s.figures, err = d.engine.Figures(ctx, stats.Query{Clock: stats.FromReport}); err != nil {
		return nil, err
	}
	leaks, err := d.leaks(s, unsealed.Bytes())
	s.faults = append(s.faults, leaks...)
	return s, err
}

// examine reads all there is about a case.
func (d *demo) examine(ctx context.Context, id casefile.CaseID, e fakenet.Ending, s *demoSummary, unsealed io.Writer) (demoRow, error) {
	store := d.engine.Store
	row := demoRow{ending: e, notices: map[casefile.NoticeState]int{}}
	var err error
	if row.c, err = store.Case(ctx, id); err != nil {
		return row, err
	}
	keep := func(v any) { _ = json.NewEncoder(unsealed).Encode(v) }
	keep(row.c)
	var visits []casefile.Visit
	for before := casefile.VisitID(0); ; before = visits[len(visits)-1].ID {
		page, err := store.Visits(ctx, id, before, casefile.MaxPage)
		if err != nil {
			return row, err
		}
		if visits = append(visits, page...); len(page) < casefile.MaxPage {
			break
		}
	}
	slices.Reverse(visits)
	for _, v := range visits {
		keep(v)
		s.recorded += int64(len(v.Observations))
		for _, o := range v.Observations {
			for _, h := range o.Hops {
				fmt.Fprintln(unsealed, h.Target.URL())
			}
		}
		if v.Counted && (len(row.states) == 0 || row.states[len(row.states)-1] != v.Verdict.State) {
			row.states = append(row.states, v.Verdict.State)
		}
	}
	events, err := store.Events(ctx, id, 0, casefile.MaxPage)
	if err != nil {
		return row, err
	}
	keep(events)
	list, err := store.Notices(ctx, casefile.NoticeFilter{CaseID: id, Limit: casefile.MaxPage})
	if err != nil {
		return row, err
	}
	for _, n := range list {
		keep(n)
		row.notices[n.State]++
		s.notices[n.State]++
	}
	row.wrong = compare(row)
	return row, nil
}

// compare says how a case differs from the script of its site; empty when it does not.
func compare(r demoRow) string {
	var wrong []string
	if r.c.Standing != r.ending.Standing {
		wrong = append(wrong, fmt.Sprintf("is %s, not %s (last verdict: %s)", r.c.Standing, r.ending.Standing, r.c.Last.Reason))
	}
	if returned := r.c.Episode.Number > 1; returned != r.ending.Returned {
		wrong = append(wrong, fmt.Sprintf("returned: %v, not %v", returned, r.ending.Returned))
	}
	for _, state := range r.ending.States {
		if !slices.Contains(r.states, state) {
			wrong = append(wrong, fmt.Sprintf("was never %s", state))
		}
	}
	if r.ending.Reason != "" && r.c.Last.Reason != r.ending.Reason {
		wrong = append(wrong, fmt.Sprintf("last verdict is %s, not %s", r.c.Last.Reason, r.ending.Reason))
	}
	if country := hostingCountry(r.c); r.ending.Country != "" && country != r.ending.Country {
		wrong = append(wrong, fmt.Sprintf("hosted in %q, not %q", country, r.ending.Country))
	}
	return strings.Join(wrong, "; ")
}

func hostingCountry(c casefile.Case) string {
	if c.Hosting == nil {
		return ""
	}
	return c.Hosting.Country
}

// mails compares what the sink got with what Vigil says it sent.
func (d *demo) mails(s *demoSummary) (faults []string) {
	seen := map[string]int{}
	for _, m := range d.net.Mails() {
		seen[m.MessageID]++
	}
	for id, n := range seen {
		if n > 1 {
			faults = append(faults, fmt.Sprintf("message %s was sent %d times", id, n))
		}
	}
	if sent := s.notices[casefile.NoticeSent]; sent != len(seen) {
		faults = append(faults, fmt.Sprintf("%d notices are marked sent and %d messages arrived", sent, len(seen)))
	}
	return faults
}

// leaks searches for the markers that every page carries, in all files of the demo
// (database, WAL, log, metrics, temporary files), in what is sealed and in mails; and for the reported
// hosts in the files, where they must be sealed.
func (d *demo) leaks(s *demoSummary, unsealed []byte) (faults []string, err error) {
	markers := d.net.Markers()
	search := func(where string, data []byte, words []string) {
		s.searched += int64(len(data))
		for _, w := range words {
			if bytes.Contains(data, []byte(w)) {
				faults = append(faults, fmt.Sprintf("%q was found in %s", w, where))
			}
		}
	}
	var hosts []string
	for _, e := range d.endings {
		if h := hostOf(e.URL); strings.Contains(h, ".") {
			hosts = append(hosts, h)
		}
	}
	if err := d.engine.Meter.Write(d.path("metrics.txt")); err != nil {
		return nil, err
	}
	err = filepath.WalkDir(d.dir, func(path string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			search("file "+f.Name(), data, slices.Concat(markers, hosts))
		}
		return err
	})
	search("what is sealed", unsealed, markers)
	for _, m := range d.net.Mails() {
		search("a mail", []byte(m.Body), markers)
		search("the subject of a mail", []byte(m.Subject), hosts)
	}
	return faults, err
}

func hostOf(raw string) string {
	_, rest, _ := strings.Cut(raw, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, ":")
	return host
}

func (d *demo) print(out io.Writer, s *demoSummary) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"case", "site", "country", "hotline", "standing", "verdicts on the way", "days to removal", "notices", ""})
	for _, r := range s.rows {
		hotline, mark, took := "", "as told", ""
		if a := r.c.Assignment; a != nil {
			hotline = text.Snip(strings.Join(a.Hotlines, ", "), 34, "…")
		}
		if r.wrong != "" {
			mark = "WRONG"
		}
		if r.took > 0 {
			took = fmt.Sprintf("%.1f", float64(r.took)/float64(d.day))
		}
		standing := string(r.c.Standing)
		if r.c.Episode.Number > 1 {
			standing += " (returned)"
		}
		var states []string
		for _, state := range r.states {
			states = append(states, string(state))
		}
		t.AppendRow(table.Row{
			fmt.Sprintf("V-%d", r.c.ID), r.ending.Name, cmp.Or(hostingCountry(r.c), "?"), hotline, standing,
			text.Snip(strings.Join(states, " "), 40, "…"), took, tally(r.notices), mark,
		})
	}
	fmt.Fprintln(out, t.Render())
	median := "not reached"
	if m := s.figures.All.Median.At; m != nil {
		median = fmt.Sprintf("%.1f days of the story", float64(*m)/float64(d.day))
	}
	fmt.Fprintf(out, "%d sites: %d removed of n = %d (censored %d, unavailable %d, excluded %d), median time to removal %s\n", len(s.rows),
		s.figures.All.Removed, s.figures.All.N, s.figures.All.Watched(), s.figures.All.Unavailable, s.figures.All.Excluded.All(), median)
	fmt.Fprintf(out, "%d looks started, %d recorded; %d mails, each once; "+
		"%.1f MB of database, WAL, log, mails and temporary files searched for %d markers; %.1f s\n",
		d.looks.Load(), s.recorded, len(d.net.Mails()), float64(s.searched)/(1<<20), len(d.net.Markers()), time.Since(d.began).Seconds())
	for _, f := range s.faults {
		fmt.Fprintln(out, "WRONG:", f)
	}
}

func tally(m map[casefile.NoticeState]int) string {
	var words []string
	for _, state := range []casefile.NoticeState{
		casefile.NoticeSent, casefile.NoticeDraft, casefile.NoticeQueued,
		casefile.NoticeOvertaken, casefile.NoticeRefused, casefile.NoticeUncertain,
	} {
		if m[state] > 0 {
			words = append(words, fmt.Sprintf("%d %s", m[state], state))
		}
	}
	return strings.Join(words, ", ")
}
