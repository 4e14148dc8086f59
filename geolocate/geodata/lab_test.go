package geodata

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go.uber.org/goleak"

	"vigil/geolocate/mmdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var today = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// edition describes a database file.
type edition struct {
	kind  mmdb.Kind // default country
	built time.Time // default today
	width int       // how many further addresses it knows: its size
	world bool      // it knows the well-known addresses
	asn   uint32    // of 192.0.2.0/24
}

// file is the database as bytes.
func (e edition) file(t testing.TB) []byte {
	t.Helper()
	if e.kind == "" {
		e.kind = mmdb.KindCountry
	}
	if e.built.IsZero() {
		e.built = today
	}
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "lab " + string(e.kind), BuildEpoch: e.built.Unix(), IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	insert := func(p netip.Prefix, country string, asn uint32) {
		record := mmdbtype.Map{"country_code": mmdbtype.String(country)}
		if e.kind == mmdb.KindASN {
			record = mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(asn), "autonomous_system_organization": mmdbtype.String(fmt.Sprintf("Example Holder %d", asn))}
		}
		if err := tree.Insert(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}, record); err != nil {
			t.Fatal(err)
		}
	}
	insert(netip.MustParsePrefix("192.0.2.0/24"), "NL", max(64500, e.asn))
	for i := range e.width {
		insert(netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 32), fmt.Sprintf("%c%c", 'A'+i%26, 'A'+i/26%26), uint32(65536+i%16))
	}
	for _, k := range wellKnown {
		if e.world {
			insert(netip.PrefixFrom(k.addr, k.addr.BitLen()), k.countries[:2], k.asn)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func packed(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// archive is a tar.gz of names and contents, in pairs.
func archive(t testing.TB, files ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		data := files[i+1].([]byte)
		if err := w.WriteHeader(&tar.Header{Name: files[i].(string), Mode: 0o644, Size: int64(len(data)), Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed(t, out.Bytes())
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// lab is a publisher on loopback and an Updater that may dial loopback only.
type lab struct {
	t      *testing.T
	server *httptest.Server
	update *Updater
	dir    string
	path   string

	mu    sync.Mutex
	files map[string]http.HandlerFunc
	asked []string
}

func newLab(t *testing.T, change func(*Options)) *lab {
	t.Helper()
	l := &lab{t: t, dir: t.TempDir(), files: map[string]http.HandlerFunc{}}
	l.path = filepath.Join(l.dir, "country.mmdb")
	l.server = httptest.NewTLSServer(http.HandlerFunc(l.serve))
	t.Cleanup(l.server.Close)
	authority := x509.NewCertPool()
	authority.AddCert(l.server.Certificate())
	o := Options{
		Dial: (&net.Dialer{}).DialContext, Check: loopbackOnly, TLS: &tls.Config{RootCAs: authority}, Timeout: 20 * time.Second, Stall: 5 * time.Second,
		LookupHost: func(_ context.Context, host string) ([]netip.Addr, error) {
			switch host {
			case "example.com":
				return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
			case "private.test":
				return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
			case "mixed.test":
				return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.1")}, nil
			case "empty.test":
				return nil, nil
			}
			return nil, errors.New("no such name")
		},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if l.update, err = New(o); err != nil {
		t.Fatal(err)
	}
	l.update.now = func() time.Time { return today }
	return l
}

var errLabRefuses = errors.New("address refused")

func loopbackOnly(addrs ...netip.Addr) error {
	for _, a := range addrs {
		if !a.IsLoopback() {
			return errLabRefuses
		}
	}
	return nil
}

func (l *lab) serve(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.asked = append(l.asked, r.URL.Path)
	handler := l.files[r.URL.Path]
	l.mu.Unlock()
	if handler == nil {
		http.NotFound(w, r)
		return
	}
	handler(w, r)
}

// put offers a file with an ETag.
func (l *lab) put(path string, data []byte) {
	l.answer(path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+sha(data)[:8]+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	})
}

func (l *lab) answer(path string, h http.HandlerFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files[path] = h
}

// questions are the paths that were asked for since the last call.
func (l *lab) questions() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := l.asked
	l.asked = nil
	return asked
}

func (l *lab) url(path string) string { return l.server.URL + path }

// at is the URL under another host name.
func (l *lab) at(host, path string) string {
	u, err := url.Parse(l.server.URL)
	if err != nil {
		l.t.Fatal(err)
	}
	return "https://" + net.JoinHostPort(host, u.Port()) + path
}

func (l *lab) database(path string) Database {
	return Database{Kind: mmdb.KindCountry, Path: l.path, Source: Source{Kind: mmdb.KindCountry, URL: l.url(path)}}
}

// have puts the present file in place, and says what it is.
func (l *lab) have(data []byte) {
	l.t.Helper()
	if err := os.WriteFile(l.path, data, 0o640); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) read() []byte {
	l.t.Helper()
	data, err := os.ReadFile(l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	return data
}

// litter lists what an update must not leave behind.
func (l *lab) litter() []string {
	left, _ := filepath.Glob(filepath.Join(l.dir, ".vigil-*.tmp"))
	return left
}
