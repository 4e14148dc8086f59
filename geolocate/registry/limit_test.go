package registry

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func testLimits(t *testing.T, change func(*Options)) *Limits {
	t.Helper()
	o := Options{}
	if change != nil {
		change(&o)
	}
	if err := o.defaults(); err != nil {
		t.Fatal(err)
	}
	return NewLimits(o)
}

// flood asks as often as it may within a span, and says how often that was.
func flood(t *testing.T, l *Limits, host string, span time.Duration) int {
	t.Helper()
	n := 0
	for end := time.Now().Add(span); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		problem := l.Pass(ctx, host)
		cancel()
		if problem == "" {
			n++
			outcome := Problem("")
			l.Settle(host, time.Now(), &outcome)
			continue
		}
		if problem != ProblemRateLimited {
			t.Fatalf("problem %q", problem)
		}
		time.Sleep(max(100*time.Millisecond, span/5_000))
	}
	return n
}

// TestStrictServersGetTheirQuota: within the span of each quota no more questions than
// it allows, and not many fewer, whichever name of the server and however it is asked.
func TestStrictServersGetTheirQuota(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		server    string
		processes int
		span      time.Duration
		least     int
		most      int
	}{
		{"any other", "rdap.registry.test", 0, time.Minute, 120, 130},
		{"any other, four processes", "rdap.registry.test", 4, time.Minute, 30, 33},
		{"LACNIC", "rdap.lacnic.net", 0, time.Minute, 9, 10},
		{"LACNIC by WHOIS", "whois.lacnic.net:43", 0, time.Minute, 9, 10},
		{"LACNIC, two processes", "rdap.lacnic.net", 2, time.Minute, 4, 5},
		{".uk in a day", "WHOIS.nic.uk:43", 0, day, 950, 1000},
		{".ie in a day", "whois.weare.ie:43", 0, day, 95, 100},
		{"RIPE NCC by WHOIS in a day", "whois.ripe.net:43", 0, day, 290, 300},
		{"DENIC", "rdap.denic.de", 0, 10 * time.Second, 3, 4},
		{"registro.br", "rdap.registro.br:443", 0, time.Minute, 28, 30},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := testLimits(t, func(o *Options) { o.Processes = test.processes })
				if got := flood(t, l, test.server, test.span); got < test.least || got > test.most {
					t.Errorf("%d questions in %v, want %d to %d", got, test.span, test.least, test.most)
				}
			})
		})
	}
}

// TestStrictTable: each entry is complete, names a server once, and is stricter than the rest.
func TestStrictTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range strictServers() {
		if s.source == "" || len(s.names) == 0 || len(s.quotas) == 0 {
			t.Errorf("incomplete: %+v", s)
		}
		tight := false
		for _, q := range s.quotas {
			tight = tight || float64(q.count)/q.per.Seconds() <= defaultPerSecond
			if q.count < 2 || q.per <= 0 {
				t.Errorf("%v: quota %+v", s.names, q)
			}
		}
		if !tight {
			t.Errorf("%v is not stricter than the general rate", s.names)
		}
		for _, name := range s.names {
			if seen[name] {
				t.Errorf("%s stands twice", name)
			}
			seen[name] = true
		}
	}
}

// TestNamesOfOneServerShareItsQuota: .uk counts by user.
func TestNamesOfOneServerShareItsQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := testLimits(t, nil)
		n := flood(t, l, "whois.nic.uk:43", 12*time.Hour) + flood(t, l, "rdap.nominet.uk", 12*time.Hour)
		if n > 1000 {
			t.Errorf("%d questions in a day, want at most 1000", n)
		}
	})
}

// TestRefusedTurnsCostNoQuota: who is turned away leaves the day's questions to others.
func TestRefusedTurnsCostNoQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := testLimits(t, nil)
		for range 5_000 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			l.Pass(ctx, "whois.nic.uk:43")
			cancel()
		}
		if n := flood(t, l, "whois.nic.uk:43", 2*time.Hour); n < 490 {
			t.Errorf("only %d questions left", n)
		}
	})
}

// TestHolds: how long a server is left alone, by what it said.
func TestHolds(t *testing.T) {
	t.Parallel()
	header := func(v string) http.Header { return http.Header{"Retry-After": {v}} }
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		name   string
		stated func() http.Header
		want   time.Duration
	}{
		{"seconds", func() http.Header { return header("120") }, 2 * time.Minute},
		{"a date", func() http.Header { return header(date(3 * time.Minute)) }, 3 * time.Minute},
		{"a date that is over", func() http.Header { return header(date(-time.Hour)) }, minHold},
		{"no time at all", func() http.Header { return header("0") }, minHold},
		{"a month", func() http.Header { return header("2592000") }, maxHold},
		{"nothing", func() http.Header { return http.Header{} }, httpHold},
		{"nonsense", func() http.Header { return header("soon") }, httpHold},
		{"a negative number", func() http.Header { return header("-5") }, httpHold},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := testLimits(t, nil)
				l.Hold(t.Context(), "rdap.registry.test", RetryAfter(test.stated(), time.Now()), httpHold)
				time.Sleep(test.want - time.Second)
				if got := l.Pass(t.Context(), "rdap.registry.test"); got != ProblemRateLimited {
					t.Errorf("asked a second early: %q", got)
				}
				time.Sleep(time.Second)
				if got := l.Pass(t.Context(), "rdap.registry.test"); got != "" {
					t.Errorf("still held: %q", got)
				}
			})
		})
	}
}

// TestRepeatedComplaintsDouble: a server that states no time is left alone for longer
// each time, at most a day, until it answers.
func TestRepeatedComplaintsDouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const server = "whois.registry.test:43"
		l := testLimits(t, nil)
		m := time.Minute
		outcome := ProblemRateLimited
		for i, want := range []time.Duration{10 * m, 20 * m, 40 * m, 80 * m, 160 * m, 320 * m, 640 * m, 1280 * m, day, day} {
			l.Hold(t.Context(), server, 0, whoisHold)
			l.Settle(server, time.Now(), &outcome)
			time.Sleep(want - time.Second)
			if got := l.Pass(t.Context(), server); got != ProblemRateLimited {
				t.Errorf("complaint %d: asked a second early", i+1)
			}
			time.Sleep(time.Second)
			if got := l.Pass(t.Context(), server); got != "" {
				t.Errorf("complaint %d: held for longer than %v", i+1, want)
			}
		}
		outcome = ""
		l.Settle(server, time.Now(), &outcome)
		l.Hold(t.Context(), server, 0, whoisHold)
		time.Sleep(whoisHold)
		if got := l.Pass(t.Context(), server); got != "" {
			t.Error("an answer did not end the row of complaints")
		}
	})
}

// TestLongerWishStands: of two holds the longer counts.
func TestLongerWishStands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := testLimits(t, nil)
		l.Hold(t.Context(), "rdap.registry.test", time.Hour, httpHold)
		l.Hold(t.Context(), "rdap.registry.test", time.Minute, httpHold)
		time.Sleep(59 * time.Minute)
		if got := l.Pass(t.Context(), "rdap.registry.test"); got != ProblemRateLimited {
			t.Error("a shorter wish took back a longer one")
		}
	})
}

// TestHoldsAreSharedByProcesses: what one process was told, others heed within seconds,
// and after a restart.
func TestHoldsAreSharedByProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &disk{values: map[string][]byte{}}
		share := func(o *Options) { o.Cache = cache }
		one, two := testLimits(t, share), testLimits(t, share)
		const server = "rdap.registry.test"
		if one.Pass(t.Context(), server) != "" || two.Pass(t.Context(), server) != "" {
			t.Fatal("a fresh server is held")
		}
		one.Hold(t.Context(), server, 10*time.Minute, httpHold)
		time.Sleep(holdCheck)
		if got := two.Pass(t.Context(), server); got != ProblemRateLimited {
			t.Errorf("another process asked: %q", got)
		}
		if got := testLimits(t, share).Pass(t.Context(), server); got != ProblemRateLimited {
			t.Errorf("asked after a restart: %q", got)
		}
		if got := two.Pass(t.Context(), "rdap.other.test"); got != "" {
			t.Errorf("another server is held: %q", got)
		}
		time.Sleep(10 * time.Minute)
		if got := two.Pass(t.Context(), server); got != "" {
			t.Errorf("still held: %q", got)
		}
		for _, foreign := range []string{"null", `"2999-01-01T00:00:00Z"`, `"soon"`, "{", ""} {
			cache.values[holdKey(server)], cache.ends = []byte(foreign), nil
			if got := testLimits(t, share).Pass(t.Context(), server); got != "" {
				t.Errorf("a broken hold %q is heeded: %q", foreign, got)
			}
		}
	})
}

// TestForgottenServersKeepHoldsAndQuotas: a flood of foreign names does not wash away
// who asked to be left alone, nor refill a quota.
func TestForgottenServersKeepHoldsAndQuotas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := testLimits(t, nil)
		flood(t, l, "whois.weare.ie:43", time.Hour)
		l.Hold(t.Context(), "rdap.registry.test", time.Hour, httpHold)
		for i := range 5 * maxServers {
			l.Pass(t.Context(), "whois-"+time.Duration(i).String()+".test:43")
		}
		if len(l.servers) > maxServers {
			t.Errorf("%d servers remembered", len(l.servers))
		}
		if got := l.Pass(t.Context(), "rdap.registry.test"); got != ProblemRateLimited {
			t.Error("a hold was forgotten")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := l.Pass(ctx, "whois.weare.ie:43"); got != ProblemRateLimited {
			t.Error("a quota was refilled")
		}
	})
}

// TestShortTimeoutIsNoFailure: a server that was given no time is not blamed.
func TestShortTimeoutIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := testLimits(t, nil)
		for given, want := range map[time.Duration]Problem{2 * time.Second: "", 4 * time.Second: ProblemTimeout} {
			host := given.String() + ".test"
			for range breakAfter {
				started := time.Now()
				time.Sleep(given)
				outcome := ProblemTimeout
				l.Settle(host, started, &outcome)
			}
			if got := l.Pass(t.Context(), host); got != want {
				t.Errorf("three timeouts after %v: %q, want %q", given, got, want)
			}
		}
	})
}
