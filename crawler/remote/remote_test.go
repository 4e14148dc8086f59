package remote_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
	"vigil/crawler/remote"
	"vigil/internal/fakenet/testrun"
)

func TestRemoteVantageLooksForItsOwner(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	referrer := subject(t, "http://link.example/list").Target
	var settings remote.LookSettings
	var asked casefile.Subject
	at, _ := serve(t, "127.0.0.1:0", dir, func(ctx context.Context, s casefile.Subject) casefile.Observation {
		asked = s
		return absent(ctx, s)
	}, func(o *remote.Options) {
		inner := o.Looker
		o.Looker = func(m remote.LookSettings) (remote.Looker, error) { settings = m; return inner(m) }
	})
	c := client(t, at, dir, nil)
	s := subject(t, "https://site-1.example/a?b=c&d=e")
	s.Referrer, s.Nameservers = referrer, true
	before := time.Now()
	o := c.Look(t.Context(), s)
	if o.Fault != nil || o.Status != 404 || o.Vantage != place.Name || o.Hops[0].Target != s.Target || o.Started.Before(before.Add(-time.Second)) {
		t.Errorf("observation %+v, fault %+v", o, o.Fault)
	}
	if asked != s {
		t.Error("the remote vantage was asked for something else")
	}
	if settings != way {
		t.Error("the remote vantage looks with other settings than its owner")
	}
	who, err := c.Identity(t.Context())
	want := remote.Identity{Vantage: place, Build: "test", Limits: limits}
	if err != nil || who != want {
		t.Errorf("identity %+v, %v", who, err)
	}
}

// TestNobodyElseGetsIn: each side must prove itself by the authority of the other.
func TestNobodyElseGetsIn(t *testing.T) {
	t.Parallel()
	now := time.Now()
	dir, other := keys(t, now), keys(t, now)
	var looks atomic.Int32
	at, _ := serve(t, "127.0.0.1:0", dir, func(ctx context.Context, s casefile.Subject) casefile.Observation {
		looks.Add(1)
		return absent(ctx, s)
	}, nil)
	for name, test := range map[string]struct {
		credentials remote.Credentials
		detail      string
	}{
		"the remote vantage has another authority":    {ownerSide(other), "the remote vantage could not prove itself"},
		"the owner has another authority":             {remote.Credentials{CA: ownerSide(dir).CA, Cert: ownerSide(other).Cert, Key: ownerSide(other).Key}, "the remote vantage refused our certificate"},
		"the remote vantage's own pair as an owner's": {remote.Credentials{CA: ownerSide(dir).CA, Cert: vantageSide(dir).Cert, Key: vantageSide(dir).Key}, "the remote vantage refused our certificate"},
	} {
		c := client(t, at, dir, func(o *remote.ClientOptions) { o.Credentials = test.credentials })
		t.Run(name, func(t *testing.T) {
			wantOurFault(t, c.Look(t.Context(), subject(t, "http://site-1.example/")), test.detail)
			if _, err := c.Identity(t.Context()); err == nil {
				t.Error("the remote vantage told who it is")
			}
		})
	}
	t.Run("no certificate at all", func(t *testing.T) {
		conn, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true})
		if err == nil { // TLS 1.3: the refusal comes after the client's part is done
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(testrun.Patience))
			_, _ = conn.Write([]byte("GET /identity HTTP/1.1\r\nHost: x\r\nVigil-Wire: " + strconv.Itoa(remote.Wire) + "\r\n\r\n"))
			var n int
			if n, err = conn.Read(make([]byte, 1)); n > 0 {
				t.Error("a stranger got an answer")
			}
		}
		if err == nil || !strings.Contains(err.Error(), "certificate required") {
			t.Errorf("refused with %v", err)
		}
	})
	t.Run("TLS 1.2", func(t *testing.T) {
		pair, err := tls.LoadX509KeyPair(ownerSide(dir).Cert, ownerSide(dir).Key)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}})
		if err == nil {
			conn.Close()
			t.Error("an old version was accepted")
		}
	})
	if n := looks.Load(); n != 0 {
		t.Errorf("%d looks were made for strangers", n)
	}
}

func TestExpiredCertificates(t *testing.T) {
	t.Parallel()
	old := keys(t, time.Now().Add(-100*time.Hour))
	_, err := remote.NewClient(remote.ClientOptions{Vantage: place, Address: "127.0.0.1:1", Credentials: ownerSide(old), Settings: way})
	if err == nil || !strings.Contains(err.Error(), "vigil vantage keys") {
		t.Errorf("an owner with an expired certificate: %v", err)
	}
	_, err = remote.New(remote.Options{Vantage: place, Credentials: vantageSide(old), Limits: limits, Looker: func(remote.LookSettings) (remote.Looker, error) { return lookFunc(absent), nil }})
	if err == nil || !strings.Contains(err.Error(), "vigil vantage keys") {
		t.Errorf("a remote vantage with an expired certificate: %v", err)
	}
	// A remote vantage that goes on with a certificate that has run out meanwhile: its owner refuses it.
	fresh := keys(t, time.Now())
	pair, err := tls.LoadX509KeyPair(vantageSide(old).Cert, vantageSide(old).Key)
	if err != nil {
		t.Fatal(err)
	}
	at := rawServer(t, pair, func(http.ResponseWriter, *http.Request) { t.Error("an expired remote vantage was asked") })
	c := client(t, at, fresh, func(o *remote.ClientOptions) { o.Credentials.CA = vantageSide(old).CA })
	wantOurFault(t, c.Look(t.Context(), subject(t, "http://site-1.example/")), "the remote vantage could not prove itself")
}

// rawServer is a TLS server with the remote vantage's certificate that answers as it likes.
func rawServer(t *testing.T, pair tls.Certificate, answer http.HandlerFunc) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: answer, ErrorLog: zap.NewStdLog(zap.NewNop())}
	ended := make(chan struct{})
	go func() { _ = server.Serve(l); close(ended) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return l.Addr().String()
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	pair, err := tls.LoadX509KeyPair(vantageSide(dir).Cert, vantageSide(dir).Key)
	if err != nil {
		t.Fatal(err)
	}
	wire := func(version string, status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if version != "" {
				w.Header().Set("Vigil-Wire", version)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		detail string
	}{
		"another wire version":           {wire("7", 200, `{}`), "the remote vantage speaks another wire version"},
		"a wire version that is no word": {wire(strings.Repeat("9", 5000), 200, `{}`), "the remote vantage speaks another wire version"},
		"some web server":                {wire("", 200, `<html>`), "the answer of the remote vantage makes no sense"},
		"no JSON":                        {wire(strconv.Itoa(remote.Wire), 200, `hello`), "the answer of the remote vantage makes no sense"},
		"an empty answer":                {wire(strconv.Itoa(remote.Wire), 200, ``), "the answer of the remote vantage makes no sense"},
		"an object without facts":        {wire(strconv.Itoa(remote.Wire), 200, `{}`), "the answer of the remote vantage makes no sense"},
		"without end":                    {wire(strconv.Itoa(remote.Wire), 200, strings.Repeat("[", 2<<20)), "the answer of the remote vantage makes no sense"},
		"declined":                       {wire(strconv.Itoa(remote.Wire), 422, `no`), "the remote vantage declined the look"},
		"a redirect":                     {wire(strconv.Itoa(remote.Wire), 307, ``), "the remote vantage declined the look"},
		"busy":                           {wire(strconv.Itoa(remote.Wire), 503, `no`), "the remote vantage is busy"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Vigil-Wire", strconv.Itoa(remote.Wire))
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
		}, "the remote vantage did not answer"},
		"headers without end": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 100_000)) }, "the remote vantage did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, rawServer(t, pair, test.answer), dir, nil)
			wantOurFault(t, c.Look(t.Context(), subject(t, "http://site-1.example/")), test.detail)
			if _, err := c.Identity(t.Context()); err == nil {
				t.Error("doctor would call this remote vantage sound")
			}
		})
	}
}

func TestOtherWireVersionIsSaidOnBothSides(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	core, said := observer.New(zapcore.InfoLevel)
	at, _ := serve(t, "127.0.0.1:0", dir, absent, func(o *remote.Options) { o.Log = zap.New(core) })
	pair, err := tls.LoadX509KeyPair(ownerSide(dir).Cert, ownerSide(dir).Key)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+at+"/look", strings.NewReader("{}"))
	r.Header.Set("Vigil-Wire", "7")
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusConflict || answer.Header.Get("Vigil-Wire") != strconv.Itoa(remote.Wire) {
		t.Errorf("status %d, version %q", answer.StatusCode, answer.Header.Get("Vigil-Wire"))
	}
	if said.FilterMessage("owner speaks another version of the wire").Len() != 1 {
		t.Error("the remote vantage's log does not say so")
	}
	told, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(told), "version 7") || !strings.Contains(string(told), "install the same release") {
		t.Errorf("the owner is told %q (%v)", told, err)
	}
}

func TestAnotherPlaceAndLowerLimits(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	at, _ := serve(t, "127.0.0.1:0", dir, absent, func(o *remote.Options) { o.Limits.Timeout = 10 * time.Second })
	c := client(t, at, dir, func(o *remote.ClientOptions) { o.Vantage.Network = "AS64502" })
	wantOurFault(t, c.Look(t.Context(), subject(t, "http://site-1.example/")), "the remote vantage states another place")
	if _, err := c.Identity(t.Context()); err == nil || !strings.Contains(err.Error(), "AS64501") ||
		!strings.Contains(err.Error(), "correct crawler.vantages here") {
		t.Errorf("identity: %v", err)
	}
	c = client(t, at, dir, func(o *remote.ClientOptions) { o.Settings.Timeout = 11 * time.Second })
	wantOurFault(t, c.Look(t.Context(), subject(t, "http://site-1.example/")), "the remote vantage declined the look")
	if _, err := c.Identity(t.Context()); err == nil || !strings.Contains(err.Error(), "raise its crawler.timeout") {
		t.Errorf("identity: %v", err)
	}
}

func TestSlowVantageAndStoppedOwner(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	looking, ended, over := make(chan struct{}, 2), make(chan struct{}, 2), make(chan struct{})
	at, _ := serve(t, "127.0.0.1:0", dir, func(ctx context.Context, s casefile.Subject) casefile.Observation {
		looking <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		<-over // an answer that is sent as the owner leaves may still reach it
		return absent(ctx, s)
	}, nil)
	t.Cleanup(func() { close(over) })
	c := client(t, at, dir, func(o *remote.ClientOptions) { o.Settings.Timeout, o.Grace = time.Second, time.Second })
	began := time.Now()
	wantOurFault(t, c.Look(t.Context(), subject(t, "http://site-1.example/")), "the remote vantage did not answer")
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("a slow remote vantage was left after %v, before its time and its grace were over", took)
	}
	select {
	case <-looking:
		<-ended // the remote vantage stops looking when nobody waits any more
	default: // this machine was too busy for the question to arrive
	}
	c = client(t, at, dir, func(o *remote.ClientOptions) { o.Grace = time.Minute })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-looking; cancel() }()
	wantOurFault(t, c.Look(ctx, subject(t, "http://site-1.example/")), "stopped from our side")
	<-ended
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := client(t, l.Addr().String(), keys(t, time.Now()), nil)
	wantOurFault(t, c.Look(t.Context(), subject(t, "http://site-1.example/")), "the remote vantage did not answer")
}

func TestRestartInBetween(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	at, stop := serve(t, "127.0.0.1:0", dir, absent, nil)
	c := client(t, at, dir, nil)
	s := subject(t, "http://site-1.example/")
	if o := c.Look(t.Context(), s); o.Status != 404 {
		t.Fatalf("before: %+v", o.Fault)
	}
	stop()
	wantOurFault(t, c.Look(t.Context(), s), "the remote vantage did not answer")
	_, again := serve(t, at, dir, absent, nil)
	if o := c.Look(t.Context(), s); o.Status != 404 {
		t.Errorf("after: %+v", o.Fault)
	}
	again()
	serve(t, at, dir, absent, nil) // the idle connection is dead and nobody has noticed
	if o := c.Look(t.Context(), s); o.Status != 404 {
		t.Errorf("after a second restart: %+v", o.Fault)
	}
}

// TestStopEndsLooks: a remote vantage that stops answers what is under way, as interrupted.
func TestStopEndsLooks(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	looking := make(chan struct{})
	at, stop := serve(t, "127.0.0.1:0", dir, func(ctx context.Context, _ casefile.Subject) casefile.Observation {
		close(looking)
		<-ctx.Done()
		return casefile.Observation{Fault: &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseResolve, Detail: "stopped from our side"}}
	}, nil)
	c := client(t, at, dir, nil)
	seen := make(chan casefile.Observation, 1)
	go func() { seen <- c.Look(t.Context(), subject(t, "http://site-1.example/")) }()
	<-looking
	stop()
	if o := <-seen; o.Fault == nil || o.Fault.Kind != casefile.FaultInterrupted || o.Status != 0 {
		t.Errorf("%+v", o)
	}
}

// TestThousandLooks: TestMain fails when one of them leaves a goroutine behind.
func TestThousandLooks(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	var now, most atomic.Int32
	core, said := observer.New(zapcore.DebugLevel)
	at, _ := serve(t, "127.0.0.1:0", dir, func(ctx context.Context, s casefile.Subject) casefile.Observation {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return absent(ctx, s)
	}, func(o *remote.Options) { o.InFlight, o.Log = 8, zap.New(core) })
	c := client(t, at, dir, func(o *remote.ClientOptions) { o.InFlight = 32 })
	began := time.Now()
	var all sync.WaitGroup
	var wrong atomic.Int32
	for i := range 1000 {
		all.Go(func() {
			s := subject(t, "http://hidden-word-"+strconv.Itoa(i)+".example/hidden-word")
			if o := c.Look(t.Context(), s); o.Status != 404 || o.Hops[0].Target != s.Target {
				wrong.Add(1)
				t.Errorf("look %d: %+v", i, o.Fault)
			}
		})
	}
	all.Wait()
	t.Logf("1,000 looks in %v, at most %d at once", time.Since(began), most.Load())
	if most.Load() > 8 {
		t.Errorf("%d looks at once, 8 allowed", most.Load())
	}
	for _, line := range said.All() {
		if strings.Contains(line.Message, "hidden-word") || strings.Contains(cmp.Diff(nil, line.ContextMap()), "hidden-word") {
			t.Error("the remote vantage logs what it looks at")
		}
	}
}

func TestKeysAreNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := keys(t, time.Now())
	before, err := os.ReadFile(vantageSide(dir).Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.MakeKeys(dir, time.Now(), time.Hour); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("a second run: %v", err)
	}
	after, err := os.ReadFile(vantageSide(dir).Key)
	if err != nil || string(before) != string(after) {
		t.Error("a key was overwritten")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", filepath.Base(f), info.Mode(), err)
		}
	}
}
