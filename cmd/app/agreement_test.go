package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
	"vigil/crawler/resolve"
	"vigil/internal/config"
)

// TestADissentIsNotedOnce: a vantage goes blind, stays so, cannot be read for a
// while, and sees again: one line when it begins, one when it ends.
func TestADissentIsNotedOnce(t *testing.T) {
	t.Parallel()
	visits := func(far casefile.State) (all []casefile.VisitVote) {
		for i := range 30 {
			x := casefile.VisitVote{Host: casefile.HostKey(fmt.Sprint(i)), State: casefile.StateLive, Looked: []string{"far", "local"}}
			if far != x.State {
				x.Dissent = []casefile.Dissent{{Vantage: "far", State: far}}
			}
			all = append(all, x)
		}
		return all
	}
	core, logs := observer.New(zapcore.DebugLevel)
	shares := map[string]float64{}
	var votes []casefile.VisitVote
	var broken error
	w := &Agreement{
		vantages: []casefile.Vantage{{Name: "local"}, {Name: "far"}}, log: zap.New(core),
		read:    func(context.Context, int) ([]casefile.VisitVote, error) { return votes, broken },
		dissent: func(vantage string, ratio float64, _ bool) { shares[vantage] = ratio },
	}
	for i, step := range []struct {
		far   casefile.State
		err   error
		notes int
		share float64
	}{
		{casefile.StateLive, nil, 0, 0},
		{casefile.StateWithheld, nil, 1, 1},
		{casefile.StateWithheld, nil, 1, 1},
		{casefile.StateLive, errors.New("the database is away"), 1, 1}, // what is not known ends no note
		{casefile.StateLive, nil, 0, 0},
		{casefile.StateLive, nil, 0, 0},
	} {
		votes, broken = visits(step.far), step.err
		if err := w.Compare(t.Context()); !errors.Is(err, step.err) {
			t.Fatal(err)
		}
		if said := w.said(); len(said) != step.notes || shares["far"] != step.share || shares["local"] != 0 {
			t.Errorf("step %d: %q, shares %v", i, said, shares)
		}
	}
	var lines []string
	for _, l := range logs.All() {
		lines = append(lines, fmt.Sprint(l.Level, " ", l.Message, " ", l.ContextMap()["vantage"], " ", l.ContextMap()["mostly"]))
	}
	if diff := cmp.Diff([]string{"warn vantage always dissents; see vigil doctor far withheld", "warn vantage no longer always dissents far "}, lines); diff != "" {
		t.Error(diff)
	}
}

func TestOneVantageSaysSo(t *testing.T) {
	t.Parallel()
	cfg := config.Defaults()
	cfg.Crawler.Vantages = []config.Vantage{{Name: "local"}}
	alone := SingleVantageNotes(cfg)
	if len(alone) != 1 || !strings.Contains(alone[0], "6 gone verdicts over 2 d") {
		t.Errorf("one vantage: %q", alone)
	}
	cfg.Crawler.Vantages = append(cfg.Crawler.Vantages, config.Vantage{Name: "far"})
	if said := SingleVantageNotes(cfg); said != nil || Removal(cfg) != casefile.Confirm(cfg.Scheduler.Confirm) {
		t.Errorf("two vantages: %q, %+v", said, Removal(cfg))
	}
}

// TestRoundTripsBeginHere: a vantage behind a proxy measures the way to its proxy too.
func TestRoundTripsBeginHere(t *testing.T) {
	t.Parallel()
	cfg := config.Defaults()
	cfg.Crawler.Vantages = []config.Vantage{{Name: "local"}, {Name: "proxied", Proxy: "socks5://192.0.2.1:1080"}, {Name: "second"}}
	a, err := New(cfg, zap.NewNop(), World{})
	if err != nil {
		t.Fatal(err)
	}
	resolver, err := resolve.New(resolve.Options{Servers: []string{"192.0.2.53:53"}})
	if err != nil {
		t.Fatal(err)
	}
	set, direct, err := a.newVantages(resolver, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]casefile.Vantage{{Name: "local"}, {Name: "second"}}, direct); diff != "" {
		t.Error(diff)
	}
	if got := set.Vantages(); len(got) != 3 || got[1].Name != "proxied" {
		t.Errorf("the order of the configuration: %v", got)
	}
}
