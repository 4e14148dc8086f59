package geodata

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"vigil/geolocate/mmdb"
)

func TestUpdateTakesEachForm(t *testing.T) {
	t.Parallel()
	whole := edition{width: 200}.file(t)
	tests := []struct {
		name string
		sent []byte
	}{
		{"plain", whole},
		{"gzip", packed(t, whole)},
		{"tar.gz as MaxMind packs it", archive(t, "Lite_20261120/COPYRIGHT.txt", []byte("text"), "Lite_20261120/Lite.mmdb", whole, "Lite_20261120/LICENSE.txt", []byte("text"))},
		{"tar.gz with a name that climbs", archive(t, "../../../../tmp/climbs.mmdb", whole)},
		{"gzip and something after it", append(packed(t, whole), packed(t, nil)...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var progress []int64
			l := newLab(t, func(o *Options) {
				o.Progress = func(_ string, done, total int64) {
					if total != int64(len(test.sent)) {
						t.Errorf("total %d, want %d", total, len(test.sent))
					}
					progress = append(progress, done)
				}
			})
			l.put("/f", test.sent)
			d := l.database("/f")
			d.Source.SHA256 = strings.ToUpper(sha(test.sent))
			got, err := l.update.Update(t.Context(), d, false)
			if err != nil {
				t.Fatal(err)
			}
			want := Result{Outcome: Updated, From: l.url("/f"), Size: int64(len(whole)), Type: "lab country", Built: today}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !bytes.Equal(l.read(), whole) {
				t.Error("the file is not the database that was sent")
			}
			if len(progress) == 0 || progress[len(progress)-1] != int64(len(test.sent)) {
				t.Errorf("progress %v does not end at %d", progress, len(test.sent))
			}
			if info, err := os.Stat(l.path); err != nil || info.Mode().Perm() != 0o644 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if left := l.litter(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestUpdateAsksForNewerOnly(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	first := edition{width: 20}.file(t)
	l.put("/f", packed(t, first))
	l.put("/f.sha256", []byte(sha(packed(t, first))+"  f\n"))
	plain, promised := l.database("/f"), l.database("/f")
	promised.Source.SHA256 = l.url("/f.sha256")
	step := func(name string, d Database, force bool, outcome Outcome, asked ...string) {
		t.Helper()
		got, err := l.update.Update(t.Context(), d, force)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got.Outcome != outcome || got.From != l.url("/f") || got.Size != int64(len(l.read())) || got.Built.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
		if diff := cmp.Diff(asked, l.questions()); diff != "" {
			t.Errorf("%s: asked for other files: %s", name, diff)
		}
	}
	step("first", plain, false, Updated, "/f")
	step("not modified", plain, false, UpToDate, "/f")
	step("the digest is known", promised, false, UpToDate, "/f.sha256")
	step("by force", plain, true, Updated, "/f")

	second := edition{width: 20, built: today.AddDate(0, 0, 1)}.file(t)
	l.put("/f", packed(t, second))
	l.put("/f.sha256", []byte(sha(packed(t, second))+"\n"))
	step("a newer one", promised, false, Updated, "/f.sha256", "/f")
	if !bytes.Equal(l.read(), second) {
		t.Error("the newer one is not there")
	}

	l.have(first) // the operator put another file there: what was noted does not count
	step("another file than was fetched", plain, false, Updated, "/f")
	if err := os.WriteFile(l.path+".json", []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	step("the note is broken, the content the same", plain, false, UpToDate, "/f")
	step("noted again", plain, false, UpToDate, "/f")
	if err := os.WriteFile(l.path, []byte("overwritten"), 0o600); err != nil {
		t.Fatal(err)
	}
	step("the present file is broken", plain, false, Updated, "/f")
}

// refusal is a case in which nothing may change.
type refusal struct {
	name   string
	path   string
	answer http.HandlerFunc
	change func(*lab, *Database)
	force  bool
	says   []string
}

func sent(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
}

func TestUpdateRefusesAndLeavesThePresentFile(t *testing.T) {
	t.Parallel()
	whole := edition{width: 200}.file(t)
	bomb := packed(t, make([]byte, 4<<20))
	flipped := packed(t, whole)
	flipped[len(flipped)-8] ^= 0xff
	tests := []refusal{
		{name: "wrong digest written down", answer: sent(whole), change: func(_ *lab, d *Database) { d.Source.SHA256 = strings.Repeat("ab", 32) }, says: []string{"another SHA-256", "abababababab", "try again in an hour"}},
		{name: "wrong digest of the publisher", answer: sent(whole), change: func(l *lab, d *Database) {
			l.put("/f.sha256", []byte(strings.Repeat("cd", 32)+"  f\n"))
			d.Source.SHA256 = l.url("/f.sha256")
		}, says: []string{"another SHA-256"}},
		{name: "digest that is none", answer: sent(whole), change: func(l *lab, d *Database) {
			l.put("/f.sha256", []byte("<html>gone</html>"))
			d.Source.SHA256 = l.url("/f.sha256")
		}, says: []string{"does not begin with 64 hexadecimal digits"}},
		{name: "no digest file", answer: sent(whole), change: func(l *lab, d *Database) { d.Source.SHA256 = l.url("/none.sha256") }, says: []string{"fetch its SHA-256", "404"}},
		{name: "cut off", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(whole)
		}, says: []string{"cut off", "try again"}},
		{name: "cut off within the gzip", answer: sent(packed(t, whole)[:200]), says: []string{"cut off"}},
		{name: "cut off without a length", answer: sent(whole[:len(whole)/2]), says: []string{"broken or no MaxMind DB file"}},
		{name: "web page", answer: sent([]byte("<!DOCTYPE html><html><body>Please log in</body></html>")), says: []string{"a web page instead of a database"}},
		{name: "empty", answer: sent(nil), says: []string{"only 0 bytes"}},
		{name: "text", answer: sent([]byte("country,code\n")), says: []string{"no MaxMind DB file"}},
		{name: "not found", answer: status(404), says: []string{"404", "look at the URL"}},
		{name: "server error", answer: status(503), says: []string{"503", "try again later"}},
		{name: "not modified, though nothing was noted", answer: status(304), says: []string{"304 instead of a file"}},
		{name: "too many downloads", answer: status(429), says: []string{"limit", "tomorrow"}},
		{name: "needs an account", answer: status(401), says: []string{"401", "needs an account"}},
		{name: "account refused", answer: status(401), change: func(_ *lab, d *Database) { d.Source.Account = true }, says: []string{"refuses the account", "VIGIL_GEOLOCATE_MAXMIND_KEY"}},
		{name: "redirect to a private address", answer: http.RedirectHandler("https://10.0.0.1/f", http.StatusFound).ServeHTTP, says: []string{"address refused", "never dialled"}},
		{name: "redirect to a private name", answer: http.RedirectHandler("https://private.test/f", http.StatusFound).ServeHTTP, says: []string{"address refused"}},
		{name: "redirect to a name with one private address", answer: http.RedirectHandler("https://mixed.test/f", http.StatusFound).ServeHTTP, says: []string{"address refused"}},
		{name: "redirect to plain http", answer: http.RedirectHandler("http://example.com/f", http.StatusFound).ServeHTTP, says: []string{"plain http is refused"}},
		{name: "redirect to a file", answer: http.RedirectHandler("file:///etc/passwd", http.StatusFound).ServeHTTP, says: []string{"neither https nor http"}},
		{name: "redirect loop", path: "/loop", answer: http.RedirectHandler("/loop", http.StatusFound).ServeHTTP, says: []string{"more than 5 times"}},
		{name: "host without an address", change: func(_ *lab, d *Database) { d.Source.URL = "https://empty.test/f" }, says: []string{"has no address"}},
		{name: "host that is not there", change: func(_ *lab, d *Database) { d.Source.URL = "https://absent.test/f" }, says: []string{"cannot be resolved", "resolver.servers"}},
		{name: "nobody listens", change: func(_ *lab, d *Database) { d.Source.URL = "https://127.0.0.1:1/f" }, says: []string{"cannot be reached"}},
		{name: "unknown authority", answer: sent(whole), change: func(l *lab, _ *Database) { l.update = strangers(l) }, says: []string{"cannot prove who it is"}},
		{name: "says it is too large", answer: sent(whole), change: func(_ *lab, d *Database) { d.Source.Most = 100 }, says: []string{"over the bound of 100"}},
		{name: "is too large without saying", answer: func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(make([]byte, 2<<20))
		}, change: func(_ *lab, d *Database) { d.Source.Most = 1 << 20 }, says: []string{"over the bound"}},
		{name: "bomb", answer: sent(bomb), change: func(_ *lab, d *Database) { d.Source.Most = 1 << 20 }, says: []string{"over the bound"}},
		{name: "bomb in an archive", answer: sent(archive(t, "a.txt", make([]byte, 4<<20), "b.mmdb", whole)), change: func(_ *lab, d *Database) { d.Source.Most = 1 << 20 }, says: []string{"over the bound"}},
		{name: "smaller than the source ever is", answer: sent(whole), change: func(_ *lab, d *Database) { d.Source.Least = 1 << 20 }, says: []string{"less than the 1048576"}},
		{name: "damaged gzip", answer: sent(flipped), says: []string{"archive is damaged", "try again"}},
		{name: "archive without a database", answer: sent(archive(t, "a.csv", []byte("x"))), says: []string{"no .mmdb file", "not CSV"}},
		{name: "archive with two databases", answer: sent(archive(t, "a.mmdb", whole, "b.mmdb", whole)), says: []string{"several .mmdb files"}},
		{name: "another kind", answer: sent(edition{kind: mmdb.KindASN}.file(t)), says: []string{"holds no country data"}},
		{name: "older than the present one", answer: sent(edition{width: 200, built: today.AddDate(0, 0, -9)}.file(t)), says: []string{"built on 2026-11-11, before the present one (2026-11-19)", "--force"}},
		{name: "less than half of the present one", answer: sent(edition{width: 3}.file(t)), says: []string{"less than half", "--force"}},
		{name: "built in the future", answer: sent(edition{width: 200, built: today.AddDate(0, 1, 0)}.file(t)), force: true, says: []string{"2026-12-20", "still to come", "clock"}},
		{name: "wrong about the world", answer: sent(edition{width: 200}.file(t)), force: true, change: func(_ *lab, d *Database) { d.Source.World = true }, says: []string{"right about 0 of 11 well-known addresses"}},
		{name: "does not know what the present one knows", answer: sent(edition{width: 250}.file(t)), change: func(l *lab, _ *Database) { l.have(edition{width: 150, world: true}.file(t)) }, says: []string{"knows none of the well-known addresses", "--force"}},
		{name: "no source", change: func(_ *lab, d *Database) { d.Source = Source{} }, says: []string{"set a source or a url"}},
		{name: "no account", change: func(l *lab, d *Database) { d.Source.Account, l.update.o.Key = true, "" }, says: []string{"needs a MaxMind account"}},
		{name: "full disk", answer: sent(whole), change: func(l *lab, _ *Database) {
			l.update.disk = func(w io.Writer) io.Writer { return &full{w: w, room: 1000} }
		}, says: []string{"disk of", "is full: make room"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, func(o *Options) { o.Account, o.Key = "123456", "hidden-word" })
			l.have(edition{width: 150, built: today.AddDate(0, 0, -1)}.file(t))
			if test.path == "" {
				test.path = "/f"
			}
			if test.answer != nil {
				l.answer(test.path, test.answer)
			}
			d := l.database(test.path)
			if test.change != nil {
				test.change(l, &d)
			}
			before := l.read()
			got, err := l.update.Update(t.Context(), d, test.force)
			if err == nil {
				t.Fatalf("taken: %+v", got)
			}
			t.Log(err)
			for _, want := range test.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), ".tmp") || strings.Contains(err.Error(), "hidden-word") {
				t.Errorf("%q names a temporary file or the key", err)
			}
			if !bytes.Equal(before, l.read()) {
				t.Error("the present file changed")
			}
			if left := l.litter(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// strangers is an Updater that knows only the system's authorities.
func strangers(l *lab) *Updater {
	o := l.update.o
	o.TLS = nil
	u, err := New(o)
	if err != nil {
		l.t.Fatal(err)
	}
	return u
}

// full is a disk with little room.
type full struct {
	w    io.Writer
	room int
}

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n, _ := f.w.Write(p[:f.room])
		f.room = 0
		return n, &os.PathError{Op: "write", Path: "country.mmdb", Err: syscall.ENOSPC}
	}
	f.room -= len(p)
	return f.w.Write(p)
}

func TestForceTakesAnOlderAndSmallerOne(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.have(edition{width: 150}.file(t))
	older := edition{width: 3, built: today.AddDate(0, 0, -9)}.file(t)
	l.put("/f", older)
	got, err := l.update.Update(t.Context(), l.database("/f"), true)
	if err != nil || got.Outcome != Updated || !bytes.Equal(l.read(), older) {
		t.Errorf("%+v, %v", got, err)
	}
	if info, err := os.Stat(l.path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v: the former file's was 0640", info.Mode(), err)
	}
}

func TestWorldSourceAndItsMonth(t *testing.T) {
	t.Parallel()
	for _, kind := range []mmdb.Kind{mmdb.KindCountry, mmdb.KindASN} {
		l := newLab(t, nil)
		l.put("/lite-2026-10.mmdb.gz", packed(t, edition{kind: kind, world: true}.file(t)))
		d := l.database("/lite-{yyyy-mm}.mmdb.gz")
		d.Kind, d.Source.Kind, d.Source.World = kind, kind, true
		got, err := l.update.Update(t.Context(), d, false)
		if err != nil || got.From != l.url("/lite-2026-10.mmdb.gz") {
			t.Fatalf("%+v, %v", got, err)
		}
		if diff := cmp.Diff([]string{"/lite-2026-11.mmdb.gz", "/lite-2026-10.mmdb.gz"}, l.questions()); diff != "" {
			t.Errorf("this month is asked first, then the last: %s", diff)
		}
		if got, err := l.update.Update(t.Context(), d, false); err != nil || got.Outcome != UpToDate {
			t.Errorf("again: %+v, %v", got, err)
		}
	}
}

func TestAccountGoesToItsPublisherOnly(t *testing.T) {
	t.Parallel()
	l := newLab(t, func(o *Options) { o.Account, o.Key = "123456", "hidden-word" })
	data := edition{}.file(t)
	var first, second http.Header
	l.answer("/download", func(w http.ResponseWriter, r *http.Request) {
		first = r.Header.Clone()
		http.Redirect(w, r, l.at("example.com", "/signed?signature=hidden-signature"), http.StatusFound)
	})
	l.answer("/signed", func(w http.ResponseWriter, r *http.Request) {
		second = r.Header.Clone()
		_, _ = w.Write(data)
	})
	d := l.database("/download?suffix=tar.gz")
	d.Source.Account = true
	got, err := l.update.Update(t.Context(), d, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, key, ok := (&http.Request{Header: first}).BasicAuth(); !ok || key != "hidden-word" {
		t.Error("the publisher was not told the key")
	}
	if second.Get("Authorization") != "" || second.Get("Referer") != "" {
		t.Errorf("the other host was told %v", second)
	}
	if got.From != l.url("/download") {
		t.Errorf("from %q: a query may hold a token", got.From)
	}
	note, err := os.ReadFile(l.path + ".json")
	if err != nil || strings.Contains(string(note), "hidden") || strings.Contains(string(note), "suffix") {
		t.Errorf("the note: %s, %v", note, err)
	}
}

func TestPlainHTTPIsForLabsOnly(t *testing.T) {
	t.Parallel()
	data := edition{}.file(t)
	for _, test := range []struct {
		name string
		lab  []netip.Prefix
		fine bool
	}{
		{"a lab", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, true},
		{"another lab", []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, false},
		{"no lab", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, func(o *Options) { o.Lab = test.lab })
			plain := servePlain(t, data)
			d := l.database("/f")
			d.Source.URL = plain + "/f"
			_, err := l.update.Update(t.Context(), d, false)
			if (err == nil) != test.fine {
				t.Errorf("error %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "plain http is refused: give an https URL") {
				t.Errorf("%q", err)
			}
		})
	}
}

func TestSlowServersAreBounded(t *testing.T) {
	t.Parallel()
	drip := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte{0})
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}
	hang := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		o      func(*Options)
		says   string
	}{
		{"drips for ever", drip, func(o *Options) { o.Timeout = 300 * time.Millisecond }, "it took longer than 300ms"},
		{"stops sending", hang, func(o *Options) { o.Stall = 200 * time.Millisecond }, "the server stopped sending"},
		{"never answers", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(o *Options) { o.Stall = 200 * time.Millisecond }, "does not answer in time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, test.o)
			l.answer("/f", test.answer)
			_, err := l.update.Update(t.Context(), l.database("/f"), false)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v does not say %q", err, test.says)
			}
			if left := l.litter(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	t.Run("interrupted by a person at its end", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, nil)
		data := edition{}.file(t)
		l.answer("/f", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
		ctx, cancel := context.WithCancel(t.Context())
		// All is there: a server may end in order when it sees us leave.
		l.update.disk = func(w io.Writer) io.Writer { return whenWritten{w, cancel} }
		if got, err := l.update.Update(ctx, l.database("/f"), false); err == nil || !strings.Contains(err.Error(), "interrupted") {
			t.Errorf("%+v, error %v", got, err)
		}
		if left := l.litter(); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("interrupted by a person", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		l.answer("/f", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte{0})
			_ = http.NewResponseController(w).Flush()
			cancel()
			drip(w, r)
		})
		if _, err := l.update.Update(ctx, l.database("/f"), false); err == nil || !strings.Contains(err.Error(), "interrupted") {
			t.Errorf("error %v", err)
		}
		if left := l.litter(); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// whenWritten does something once bytes were written.
type whenWritten struct {
	io.Writer
	do func()
}

func (w whenWritten) Write(b []byte) (int, error) {
	defer w.do()
	return w.Writer.Write(b)
}

func TestTwoUpdatesAtOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	data := edition{}.file(t)
	started, goOn := make(chan struct{}), make(chan struct{})
	l.answer("/f", func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-goOn
		_, _ = w.Write(data)
	})
	first := make(chan error)
	go func() {
		_, err := l.update.Update(t.Context(), l.database("/f"), false)
		first <- err
	}()
	<-started
	if _, err := l.update.Update(t.Context(), l.database("/f"), false); err == nil || !strings.Contains(err.Error(), "another update is at work") {
		t.Errorf("the second: %v", err)
	}
	close(goOn)
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
	l.put("/f", data)
	if _, err := l.update.Update(t.Context(), l.database("/f"), false); err != nil {
		t.Errorf("after both: %v", err)
	}
}

func TestFoldersThatCannotBeWrittenIn(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.put("/f", edition{}.file(t))
	d := l.database("/f")
	d.Path = filepath.Join(l.dir, "none", "country.mmdb")
	if _, err := l.update.Update(t.Context(), d, false); err == nil || !strings.Contains(err.Error(), "does not exist: make it") {
		t.Errorf("absent folder: %v", err)
	}
	if err := os.Chmod(l.dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(l.dir, 0o755) })
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its file-system user
		if os.Geteuid() == 0 {
			if err := errors.Join(unix.Setfsgid(65534), unix.Setfsuid(65534)); err != nil { // root may write everywhere
				done <- err
				return
			}
		}
		_, err := l.update.Update(t.Context(), l.database("/f"), false)
		done <- err
	}()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "cannot be written in: give the folder") {
		t.Errorf("read-only folder: %v", err)
	}
	if asked := l.questions(); len(asked) > 0 {
		t.Errorf("the publisher was asked for nothing: %v", asked)
	}
}

func TestLinksStayAndStaleFilesGo(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	data := edition{}.file(t)
	l.put("/f", data)
	real := filepath.Join(l.dir, "edition.mmdb")
	if err := os.WriteFile(real, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("edition.mmdb", l.path); err != nil {
		t.Fatal(err)
	}
	stale, young := filepath.Join(l.dir, ".vigil-1.tmp"), filepath.Join(l.dir, ".vigil-2.tmp")
	for name, age := range map[string]time.Duration{stale: 25 * time.Hour, young: time.Hour} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, today.Add(-age), today.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.update.Update(t.Context(), l.database("/f"), false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(l.path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v, %v", info, err)
	}
	if got, err := os.ReadFile(real); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the linked file is not the new one: %v", err)
	}
	if diff := cmp.Diff([]string{young}, l.litter()); diff != "" {
		t.Errorf("of the temporary files only the old one goes: %s", diff)
	}
}
