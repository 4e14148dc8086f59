package remote_test

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/casefile"
	"vigil/crawler/remote"
	"vigil/crawler/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	place  = casefile.Vantage{Name: "elsewhere", Country: "SE", Network: "AS64501"}
	limits = remote.Limits{Timeout: 20 * time.Second, MaxBody: 2 << 20, MaxRedirects: 10}
	way    = remote.LookSettings{DigestKey: "a key of a test, 32 bytes long..", Limits: remote.Limits{Timeout: 2 * time.Second, MaxBody: 1 << 20, MaxRedirects: 5}, UserAgent: "test"}
)

// lookFunc is a looker that is a function.
type lookFunc func(ctx context.Context, s casefile.Subject) casefile.Observation

func (f lookFunc) Look(ctx context.Context, vantage string, s casefile.Subject) casefile.Observation {
	o := f(ctx, s)
	o.Vantage, o.Purpose = vantage, s.Purpose
	return o
}

// absent sees status 404 at once.
func absent(_ context.Context, s casefile.Subject) casefile.Observation {
	return casefile.Observation{
		Resolution: casefile.Resolution{Rcode: "NOERROR", CNAMEs: []string{}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Nameservers: []string{}},
		Hops:       []casefile.Hop{{Target: s.Target, Address: netip.MustParseAddr("192.0.2.1"), Status: 404, Protocol: "HTTP/1.1"}}, Status: 404,
	}
}

// keys are the folder of a fresh set.
func keys(t testing.TB, now time.Time) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := remote.MakeKeys(dir, now, 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	return dir
}

func vantageSide(dir string) remote.Credentials {
	return remote.Credentials{CA: filepath.Join(dir, remote.FileCA), Cert: filepath.Join(dir, remote.FileVantage), Key: filepath.Join(dir, remote.FileVantageKey)}
}

func ownerSide(dir string) remote.Credentials {
	return remote.Credentials{CA: filepath.Join(dir, remote.FileCA), Cert: filepath.Join(dir, remote.FileOwner), Key: filepath.Join(dir, remote.FileOwnerKey)}
}

// serve runs a server on address until the test ends or stop is called.
func serve(t testing.TB, address string, dir string, look lookFunc, change func(*remote.Options)) (at string, stop func()) {
	t.Helper()
	o := remote.Options{
		Vantage: place, Build: "test", Credentials: vantageSide(dir), Limits: limits,
		Looker: func(remote.LookSettings) (remote.Looker, error) { return look, nil },
	}
	if change != nil {
		change(&o)
	}
	s, err := remote.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l) }()
	var once atomic.Bool
	stop = func() {
		cancel()
		if once.CompareAndSwap(false, true) {
			if err := <-ended; err != nil {
				t.Errorf("the remote vantage ended with %v", err)
			}
		}
	}
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func client(t testing.TB, at string, dir string, change func(*remote.ClientOptions)) *remote.Client {
	t.Helper()
	o := remote.ClientOptions{Vantage: place, Address: at, Credentials: ownerSide(dir), Settings: way, Grace: 3 * time.Second}
	if change != nil {
		change(&o)
	}
	c, err := remote.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func subject(t testing.TB, url string) casefile.Subject {
	t.Helper()
	at, problem := target.Parse(url)
	if problem != nil {
		t.Fatal(problem)
	}
	return casefile.Subject{Target: at, Purpose: casefile.PurposeTarget}
}

// wantOurFault checks that an observation says nothing about the target.
func wantOurFault(t testing.TB, o casefile.Observation, detail string) {
	t.Helper()
	want := casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseConnect, Detail: detail}
	if o.Fault == nil || *o.Fault != want {
		t.Errorf("fault %+v, want %+v", o.Fault, want)
	}
	if o.Vantage != place.Name || o.Purpose != casefile.PurposeTarget || o.Started.IsZero() || o.Status != 0 || len(o.Hops) > 0 || o.Features != nil {
		t.Errorf("the observation states facts, or not whose it is: %+v", o)
	}
}
