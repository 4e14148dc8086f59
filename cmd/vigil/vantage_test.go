package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/crawler/remote"
	"vigil/internal/config"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
	"vigil/judge"
	"vigil/observe"
)

// vantageKeys makes keys through the command line and gives their folder.
func vantageKeys(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	out, said, code := runVigil(t.Context(), "", "vantage", "keys", dir)
	if code != 0 || !strings.Contains(out, remote.FileOwnerKey) {
		t.Fatalf("exit code %d: %s%s", code, out, said)
	}
	return dir
}

func waitForListener(t *testing.T, address string) {
	t.Helper()
	testrun.Eventually(t, "somebody listens at "+address, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// TestLookThroughARemoteVantage runs the remote vantage as a process of its own: started, gone, and back.
func TestLookThroughARemoteVantage(t *testing.T) {
	t.Parallel()
	const hidden = "hidden-word.test"
	l := newLab(t, fakenet.Site{Host: hidden, Acts: fakenet.Always(fakenet.Article(1, 4000))})
	keys, address := vantageKeys(t), freeAddress(t)
	text, err := os.ReadFile(l.config)
	if err != nil {
		t.Fatal(err)
	}
	farConfig := filepath.Join(l.dir, "far.yaml")
	far := fmt.Sprintf(`
resolver: {servers: [%q], timeout: 2s}
guard: {allow_networks: [127.0.0.0/8]}
vantage: {listen: %q, name: far, country: SE, network: AS64501, ca: "%[3]s/ca.pem", cert: "%[3]s/eye.pem", key: "%[3]s/eye-key.pem"}
`, l.sockets.DNS(), address, keys)
	if err := os.WriteFile(farConfig, []byte(far), 0o600); err != nil {
		t.Fatal(err)
	}
	one := "vantages: [{name: local, country: NL, network: AS64500}]"
	two := fmt.Sprintf(`vantages: [{name: local, country: NL, network: AS64500}, {name: far, country: SE, network: AS64501, eye: {address: %q, ca: "%[2]s/ca.pem", cert: "%[2]s/owner.pem", key: "%[2]s/owner-key.pem"}}]`, address, keys)
	if !bytes.Contains(text, []byte(one)) {
		t.Fatal("the lab's configuration has no vantages to add to")
	}
	if err := os.WriteFile(l.config, bytes.Replace(text, []byte(one), []byte(two), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	asRemote := *l
	asRemote.config = farConfig
	look := func(when, wantFar string) {
		t.Helper()
		out, said, code := l.vigil("", "look", "--json", l.sockets.URL(hidden))
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", when, code, said)
		}
		line := lookLines(t, out)[0]
		if state := line["verdict"].(map[string]any)["state"]; state != "live" {
			t.Errorf("%s: verdict %v", when, state)
		}
		seen := line["observations"].([]any)
		i := slices.IndexFunc(seen, func(o any) bool { return o.(map[string]any)["vantage"] == "far" })
		if i < 0 {
			t.Fatalf("%s: no observation from the remote vantage: %s", when, out)
		}
		got, err := json.Marshal(seen[i])
		if err != nil || !strings.Contains(string(got), wantFar) {
			t.Errorf("%s: %s does not hold %s", when, got, wantFar)
		}
	}
	process := asRemote.start("vantage")
	waitForListener(t, address)
	look("with the remote vantage", `"status":200`)
	out, said, _ := l.vigil("", "doctor")
	if !strings.Contains(out, "far answers in") {
		t.Errorf("doctor says nothing good of the remote vantage: %s%s", out, said)
	}
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("the remote vantage ended with %v: %s", err, process.said)
	}
	if strings.Contains(process.said.String(), "hidden-word") {
		t.Errorf("the remote vantage logs what it looks at: %s", process.said)
	}
	look("without the remote vantage", `"kind":"interrupted"`)
	out, _, code := l.vigil("", "doctor")
	if code == 0 || !strings.Contains(out, "FAIL  remote vantage far:") {
		t.Errorf("doctor does not miss the remote vantage: %s", out)
	}
	asRemote.start("vantage")
	waitForListener(t, address)
	look("with the remote vantage back", `"status":200`)
}

func TestVantageNeedsItsSection(t *testing.T) {
	t.Parallel()
	_, said, code := runVigil(t.Context(), "", "vantage", "--config", "testdata/look.yaml")
	if code != exitBadInput || !strings.Contains(said, "vantage.listen") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// TestQuorumOfLocalAndRemote: what a page shows in one country and denies in another is
// fenced; where both see the same, features agree over the connection.
func TestQuorumOfLocalAndRemote(t *testing.T) {
	t.Parallel()
	here, far := casefile.Vantage{Name: "local", Country: "NL", Network: "AS64500"}, casefile.Vantage{Name: "far", Country: "SE", Network: "AS64501"}
	n := fakenet.New(fakenet.Options{Vantages: []casefile.Vantage{here, far}})
	t.Cleanup(n.Close)
	for host, b := range map[string]fakenet.Behaviour{
		"open.example":   fakenet.Article(1, 4000),
		"absent.example": fakenet.GeoAbsent(fakenet.Article(2, 4000), far.Country),
		"gone.example":   fakenet.NotFound(),
		"large.example":  fakenet.Article(3, 200_000), // more than the body bound below
		"silent.example": fakenet.BrokenDNS(fakenet.DNSServfail),
		"moved.example":  fakenet.RedirectLoop(),
	} {
		n.Add(fakenet.Site{Host: host, Acts: fakenet.Always(b)})
	}
	keys, address := vantageKeys(t), freeAddress(t)
	cfg := config.Defaults()
	cfg.Resolver.Servers, cfg.Guard.AllowNetworks = []string{n.DNS()}, n.Prefixes()
	cfg.Crawler.MaxBody = 16 << 10
	cfg.Vantage = config.RemoteServer{
		Listen: address, Name: far.Name, Country: far.Country, Network: far.Network,
		CA: filepath.Join(keys, remote.FileCA), Cert: filepath.Join(keys, remote.FileVantage), Key: filepath.Join(keys, remote.FileVantageKey),
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	theirs, err := app.New(cfg, zap.NewNop(), app.World{Foreign: n.Dialer(far.Name)})
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- serveVantage(ctx, theirs) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the remote vantage ended with %v", err)
		}
	})
	waitForListener(t, address)

	cfg.Crawler.Vantages = []config.Vantage{
		{Name: here.Name, Country: here.Country, Network: here.Network},
		{Name: far.Name, Country: far.Country, Network: far.Network, Remote: config.Remote{
			Address: address, CA: filepath.Join(keys, remote.FileCA), Cert: filepath.Join(keys, remote.FileOwner), Key: filepath.Join(keys, remote.FileOwnerKey),
		}},
	}
	cfg.Geolocate.Databases = nil
	h, err := app.New(cfg, zap.NewNop(), app.World{Foreign: n.Dialer(here.Name)})
	if err != nil {
		t.Fatal(err)
	}
	deps, err := h.NewLookDeps()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = deps.Locator.Close() })
	p := deps.Vantages
	remote, ok := p.Named(far.Name).(*remote.Client)
	if !ok {
		t.Fatal("the far vantage is not a remote one")
	}
	t.Cleanup(remote.Close)
	var looker observe.Looker = p
	for host, want := range map[string]casefile.State{"open.example": casefile.StateLive, "absent.example": casefile.StateFenced, "gone.example": casefile.StateGone,
		"large.example": casefile.StateLive, "silent.example": casefile.StateSilent, "moved.example": casefile.StateSilent} {
		at, problem := h.Parse(n.URL(host))
		if problem != nil {
			t.Fatal(problem)
		}
		var looks []casefile.Observation
		for _, v := range looker.Vantages() {
			looks = append(looks, looker.Look(t.Context(), v.Name, casefile.Subject{Target: at, Purpose: casefile.PurposeTarget}))
		}
		verdict := judge.Decide(judge.Input{Target: at, Observations: looks, Vantages: looker.Vantages()})
		if verdict.State != want {
			t.Errorf("%s: %s, %s, want %s; faults %+v %+v", host, verdict.State, verdict.Reason, want, looks[0].Fault, looks[1].Fault)
		}
		if looks[1].Fault != nil && looks[1].Fault.Kind == casefile.FaultInterrupted {
			t.Errorf("%s: what the remote vantage saw did not cross the connection: %+v", host, looks[1].Fault)
		}
		if host == "large.example" && (!looks[1].Truncated || looks[1].BodyBytes != looks[0].BodyBytes) {
			t.Errorf("the remote vantage read %d bytes, we %d", looks[1].BodyBytes, looks[0].BodyBytes)
		}
		if host == "open.example" && (looks[0].Features == nil || looks[1].Features == nil || looks[0].Features.Digest != looks[1].Features.Digest) {
			t.Error("one page has two digests: features of the remote vantage would never compare with a baseline made here")
		}
		for _, s := range n.Requests(host) {
			if s.UserAgent != cfg.Crawler.UserAgent {
				t.Errorf("%s was asked as %q from %s", host, s.UserAgent, s.Vantage)
			}
		}
	}
}
