package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
)

// lab is a simulated internet on loopback for a vigil that is a process of its own
// and knows nothing of it: only a configuration file.
type lab struct {
	t       *testing.T
	dir     string
	net     *fakenet.Net
	sockets *fakenet.Sockets
	config  string
	listen  string
}

func newLab(t *testing.T, sites ...fakenet.Site) *lab {
	t.Helper()
	l := &lab{t: t, dir: t.TempDir(), net: fakenet.New(fakenet.Options{TTL: -1, NegativeTTL: -1})}
	t.Cleanup(l.net.Close)
	for _, s := range sites {
		l.net.Add(s)
	}
	l.net.Add(fakenet.Site{Host: demoControl(0)})
	var err error
	if l.sockets, err = l.net.Listen(fakenet.SocketOptions{Plain: true}); err != nil {
		t.Fatal(err)
	}
	country, asn, err := l.net.WriteDatabases(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	l.listen = freeAddress(t)
	l.config = filepath.Join(l.dir, "config.yaml")
	text := fmt.Sprintf(`
database: {url: "sqlite:%[1]s/vigil.db"}
seal: {key_file: "%[1]s/vigil.key"}
resolver: {servers: ["%[2]s"], timeout: 10s}
guard: {allow_networks: [127.0.0.0/8]}
crawler: {timeout: 20s, per_host_gap: 0s, in_flight: 32, vantages: [{name: local, country: NL, network: AS64500}]}
geolocate: {databases: [{kind: country, path: "%[3]s"}, {kind: asn, path: "%[4]s"}], rdap: {bootstrap: "%[5]s"}, whois: {server: "%[6]s"}, per_second: 1000}
scheduler: {first_gap: 200ms, growth: 0.1, max_gap: 500ms, confirm: {verdicts: 3, span: 1s}, unavailable_after: 24h, aftercare: [2s, 24h], feed_every: 100ms, rounds: 16}
gate: {targets: ["%[7]s"]}
notices: {send: true, from: "Lab Hotline <desk@lab.test>", country: NL, smtp: {address: "%[8]s", tls: none}, directory: "%[1]s/hotlines.csv"}
web: {listen: "%[9]s"}
log: {level: warn}
`, l.dir, l.sockets.DNS(), country, asn, l.sockets.RDAPBootstrap(), l.sockets.WHOIS(), l.sockets.URL(demoControl(0)), l.sockets.SMTP(), l.listen)
	if err := os.WriteFile(l.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	directory := "country,hotline,website,status,email\nNL,Lab Hotline,https://hotline.test,confirmed,desk@hotline.test\n"
	if err := os.WriteFile(filepath.Join(l.dir, "hotlines.csv"), []byte(directory), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// vigil runs a command in this process, as main would, and gives its exit code.
func (l *lab) vigil(in string, args ...string) (stdout, stderr string, code int) {
	l.t.Helper()
	return runVigil(l.t.Context(), in, append(args, "--config", l.config)...)
}

func runVigil(ctx context.Context, in string, args ...string) (stdout, stderr string, code int) {
	root := newRoot()
	var out, said bytes.Buffer
	root.SetArgs(args)
	root.SetIn(strings.NewReader(in))
	root.SetOut(&out)
	root.SetErr(&said)
	err := root.ExecuteContext(ctx)
	code = exitCode(&said, err)
	return out.String(), said.String(), code
}

// builtIn is the folder of the real binary, when a test needed it.
var builtIn string

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vigil-test-*")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path := filepath.Join(dir, "vigil")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build vigil: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(builtIn)
	os.Exit(code)
}

// process is a vigil of its own.
type process struct {
	*exec.Cmd
	said *bytes.Buffer
}

// start runs a command of the real binary.
func (l *lab) start(args ...string) *process {
	l.t.Helper()
	path, err := buildOnce()
	if err != nil {
		l.t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(path, append(args, "--config", l.config)...), said: &bytes.Buffer{}}
	p.Stdout, p.Stderr = p.said, p.said
	if err := p.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	})
	return p
}

// ready waits until the pages answer.
func (l *lab) ready(p *process) {
	l.t.Helper()
	for end := time.Now().Add(testrun.Patience); time.Now().Before(end); {
		response, err := http.Get("http://" + l.listen + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	_ = p.Process.Signal(syscall.SIGQUIT) // it tells where every goroutine stands
	_ = p.Wait()
	l.t.Fatalf("vigil did not become ready; it said:\n%s", p.said)
}

// call makes a request of the API.
func (l *lab) call(method, path, token, body string) (int, string) {
	l.t.Helper()
	request, err := http.NewRequestWithContext(l.t.Context(), method, "http://"+l.listen+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}
