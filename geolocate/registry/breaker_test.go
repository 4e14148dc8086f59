package registry

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestBreakerOutcomes: what counts as a failure, and what ends a row of them.
func TestBreakerOutcomes(t *testing.T) {
	t.Parallel()
	const u, to, se = ProblemUnreachable, ProblemTimeout, ProblemServer
	tests := []struct {
		name     string
		outcomes []Problem
		want     Problem // of the next question; "" when it may be asked
	}{
		{"fresh", nil, ""},
		{"two failures", []Problem{u, u}, ""},
		{"three failures", []Problem{u, to, se}, se},
		{"an answer between", []Problem{u, u, "", u, u}, ""},
		{"no such object between", []Problem{u, u, ProblemNotFound, u}, ""},
		{"a wish to slow down between", []Problem{u, u, ProblemRateLimited, u}, ""},
		{"a broken answer between", []Problem{u, u, ProblemBroken, u}, ""},
		{"a large answer between", []Problem{u, u, ProblemTooLarge, u}, ""},
		{"another object between", []Problem{u, u, ProblemOtherObject, u}, ""},
		{"a caller who stopped between", []Problem{u, u, ProblemInterrupted, to}, to},
		{"only callers who stopped", []Problem{ProblemInterrupted, ProblemInterrupted, ProblemInterrupted}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
			var b Breaker
			for _, o := range test.outcomes {
				b.Settle(now, o)
			}
			if got := b.Allow(now); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestBreakerProbes: after a break one caller goes first, and a lost one is replaced.
func TestBreakerProbes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	var b Breaker
	for range breakAfter {
		b.Settle(now, ProblemTimeout)
	}
	b.Settle(now.Add(time.Second), ProblemTimeout) // began before the break: does not lengthen it
	now = now.Add(firstBreak)
	for i, want := range []Problem{"", ProblemTimeout, ProblemTimeout} {
		if got := b.Allow(now); got != want {
			t.Errorf("caller %d after the break: %q, want %q", i, got, want)
		}
	}
	now = now.Add(maxProbe)
	if got := b.Allow(now); got != "" {
		t.Errorf("%q: a lost probe was not replaced", got)
	}
	b.Settle(now, "")
	if !b.Idle() || b.Allow(now) != "" || b.Allow(now) != "" {
		t.Error("a success did not end it")
	}
}

// TestDeadServerCostsNothing: in virtual time, when a dead server is dialled.
func TestDeadServerCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var dials []time.Duration
		alive := false
		r, err := New(Options{
			Dial: func(context.Context, string, string) (net.Conn, error) {
				dials = append(dials, time.Since(begin))
				if alive {
					near, far := net.Pipe()
					go func() {
						defer func() { _ = far.Close() }()
						_, _ = far.Read(make([]byte, 100))
						_, _ = far.Write([]byte("inetnum: 192.0.2.0 - 192.0.2.255\nnetname: BACK\n"))
					}()
					return near, nil
				}
				return nil, errors.New("connection refused")
			},
			LookupHost: func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("203.0.113.43")}, nil
			},
			NoRDAP: true, WHOISServer: "whois.registry.test:43", Retry: time.Nanosecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		ask := func() Network { return r.Network(t.Context(), addr7) }
		for range 60 * 60 { // an hour, every second
			started := time.Now()
			got := ask()
			if diff := cmp.Diff([]Attempt{{Source: SourceWHOIS, Problem: ProblemUnreachable}}, got.Failed, compare); diff != "" {
				t.Fatal(diff)
			}
			if took := time.Since(started); took != 0 {
				t.Fatalf("a dead server cost %v", took)
			}
			time.Sleep(time.Second)
		}
		s := time.Second
		want := []time.Duration{0, 1 * s, 2 * s, 32 * s, 92 * s, 212 * s, 452 * s, 932 * s, 1832 * s, 2732 * s}
		if diff := cmp.Diff(want, dials); diff != "" {
			t.Errorf("dialled at: %s", diff)
		}
		alive = true
		time.Sleep(32 * time.Second)
		if got := ask(); got.Name != "BACK" {
			t.Errorf("not asked again when the break was over: %+v", got)
		}
		alive, dials = false, nil
		time.Sleep(80 * time.Hour) // the answer is too old
		begin = time.Now()
		for range 40 {
			if got := ask(); got.Name != "BACK" || len(got.Failed) != 1 { // it stands in
				t.Fatalf("%+v", got)
			}
			time.Sleep(s)
		}
		if diff := cmp.Diff([]time.Duration{0, 1 * s, 2 * s, 32 * s}, dials); diff != "" {
			t.Errorf("after a success the first break is short again: %s", diff)
		}
	})
}
