package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"vigil/casefile"
	"vigil/internal/fakenet/testrun"
)

// encode applies one coding.
func encode(t testing.TB, coding string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip", "x-gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "bare deflate":
		w, err = flate.NewWriter(&b, 6)
	case "br":
		w = brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: 22})
	case "br, widest":
		w = brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: 24})
	case "zstd":
		w, err = zstd.NewWriter(&b, zstd.WithWindowSize(8<<20), zstd.WithEncoderConcurrency(1))
	case "zstd, too wide":
		w, err = zstd.NewWriter(&b, zstd.WithWindowSize(64<<20), zstd.WithEncoderConcurrency(1))
	default:
		return body
	}
	if err != nil {
		t.Fatal(err)
	}
	for piece := range bytesChunks(body, 64<<10) {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bytesChunks(b []byte, size int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(size, len(b))
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

func encoded(header string, body []byte) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: " + header + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + string(body)
}

const codedPage = "<!doctype html><title>A plain page</title><h1>Harbour</h1><p>Words of our own, about a river and a bridge.</p><img src=a.png><a href=/b>on</a>"

// A page is the same page in every coding that browsers take.
func TestEveryCodingShowsTheSamePage(t *testing.T) {
	t.Parallel()
	page := []byte(codedPage)
	f := testFetcher(t, nil)
	plain := ask(t, f, encoded("identity", page), true)
	if plain.Fault != nil || plain.Features.Words == 0 {
		t.Fatalf("%+v, fault %+v", plain.Features, plain.Fault)
	}
	for _, tt := range []struct {
		name, header string
		body         []byte
	}{
		{"gzip", "gzip", encode(t, "gzip", page)},
		{"x-gzip in capitals", "X-GZIP", encode(t, "gzip", page)},
		{"deflate", "deflate", encode(t, "deflate", page)},
		{"bare deflate", "deflate", encode(t, "bare deflate", page)},
		{"br", "br", encode(t, "br", page)},
		{"br with the widest window", "br", encode(t, "br, widest", page)},
		{"zstd", "zstd", encode(t, "zstd", page)},
		{"two, the last one outside", "gzip, br", encode(t, "br", encode(t, "gzip", page))},
		{"gzip twice", "gzip, gzip", encode(t, "gzip", encode(t, "gzip", page))},
		{"three", "deflate, zstd, gzip", encode(t, "gzip", encode(t, "zstd", encode(t, "deflate", page)))},
		{"identity beside it", "identity, gzip", encode(t, "gzip", page)},
	} {
		for range 2 { // the second time over pooled decoders
			a := ask(t, f, encoded(tt.header, tt.body), true)
			if a.Fault != nil {
				t.Errorf("%s: fault %+v", tt.name, a.Fault)
				continue
			}
			if diff := cmp.Diff(plain.Features, a.Features); diff != "" || a.BodyBytes != plain.BodyBytes {
				t.Errorf("%s: %d bytes, features (-plain +coded):\n%s", tt.name, a.BodyBytes, diff)
			}
		}
	}
	for _, header := range []string{"br", "zstd", "deflate", "gzip, br"} {
		if a := ask(t, f, encoded(header, nil), true); a.Fault != nil || a.BodyBytes != 0 {
			t.Errorf("%s of nothing: %d bytes, fault %+v", header, a.BodyBytes, a.Fault)
		}
		whole := encode(t, header, page)
		if header == "gzip, br" {
			continue
		}
		if a := ask(t, f, encoded(header, whole[:len(whole)-3]), true); a.Fault == nil || a.Fault.Detail != detailEncoding {
			t.Errorf("%s cut short: fault %+v", header, a.Fault)
		}
	}
	for _, coding := range []string{"gzip", "deflate", "bare deflate", "br", "zstd"} { // a server that writes on after the end
		whole := encode(t, coding, page)
		a := ask(t, f, encoded(strings.TrimPrefix(coding, "bare "), append(whole, "<!-- more -->"...)), true)
		if a.Fault != nil || !cmp.Equal(plain.Features, a.Features) {
			t.Errorf("%s with a surplus: %+v, fault %+v", coding, a.Features, a.Fault)
		}
	}
	for name, header := range map[string]string{"four": "gzip, gzip, gzip, gzip", "unknown": "secret"} {
		a := ask(t, f, encoded(header, page), true)
		if a.Fault != nil || a.Features.HTML || a.BodyBytes != int64(len(page)) {
			t.Errorf("%s: must be digested as it came: %+v, fault %+v", name, a.Features, a.Fault)
		}
	}
}

// A bomb of each coding is read up to the bound, in the memory of one window, and
// is no fault. Not parallel: it measures what the whole process allocates and works.
func TestBombsOfEachCoding(t *testing.T) {
	zeros := make([]byte, 20<<20)                     // more than the widest window, 16 MiB
	members := func(coding string, size int) []byte { // that decode to nothing
		one := encode(t, coding, nil)
		return bytes.Repeat(one, size/len(one))
	}
	gz, br := encode(t, "gzip", zeros), encode(t, "br, widest", zeros)
	skippable := bytes.Repeat([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}, (4<<20)/8) // RFC 8878, section 3.1.2
	for _, tt := range []struct {
		name, header string
		body         []byte
		most         uint64 // MiB
		truncated    bool
		detail       string
	}{
		{"gzip", "gzip", gz, 3, true, ""},
		{"deflate", "deflate", encode(t, "deflate", zeros), 3, true, ""},
		{"br", "br", br, 18, true, ""},
		{"zstd", "zstd", encode(t, "zstd", zeros), 12, true, ""},
		{"zstd with a window of 64 MiB", "zstd", encode(t, "zstd, too wide", zeros), 2, false, detailEncoding},
		{"gzip of gzip", "gzip, gzip", encode(t, "gzip", gz), 3, true, ""},
		{"gzip of br", "br, gzip", encode(t, "gzip", br), 18, true, ""},
		{"gzip members of nothing", "gzip", members("gzip", 4<<20), 2, true, ""},
		{"a gzip bomb of members of nothing", "gzip, gzip", encode(t, "gzip", members("gzip", 4<<20)), 2, true, ""},
		{"zstd frames to skip", "zstd", skippable, 4, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := testFetcher(t, nil)
			answer := encoded(tt.header, tt.body)
			ask(t, f, encoded("gzip", encode(t, "gzip", []byte(codedPage))), true) // warm pools
			ask(t, f, answer, true)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := testrun.CPU()
			a := ask(t, f, answer, true)
			cost := testrun.CPU() - began
			runtime.ReadMemStats(&after)
			spent := after.TotalAlloc - before.TotalAlloc - uint64(len(answer)) // the server copies its answer once
			if spent>>20 >= tt.most && !testrun.Race {                          // the detector makes pools forget at random
				t.Errorf("%d KiB were allocated, less than %d MiB are allowed", spent>>10, tt.most)
			}
			t.Logf("%d KiB allocated, %v of processor time", spent>>10, cost)
			if cost > 5*time.Second {
				t.Errorf("cost %v of processor time", cost)
			}
			detail := ""
			if a.Fault != nil {
				detail = a.Fault.Detail
			}
			if detail != tt.detail || a.Truncated != tt.truncated || a.BodyBytes > testMaxBody {
				t.Errorf("%d bytes, truncated %v, fault %+v", a.BodyBytes, a.Truncated, a.Fault)
			}
			if !f.room.TryAcquire(decoderRoom) {
				t.Error("room for windows was not given back")
			}
		})
	}
}

// Windows share their room: who finds none in time says nothing about the server.
func TestDecodersShareTheirRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := testFetcher(t, nil)
		if err := f.room.Acquire(context.Background(), decoderRoom); err != nil {
			t.Fatal(err)
		}
		page := encode(t, "zstd", []byte(codedPage))
		started := time.Now()
		a := ask(t, f, encoded("zstd", page), true)
		if a.Fault == nil || a.Fault.Kind != casefile.FaultInterrupted || a.Fault.Detail != detailNoRoom || time.Since(started) > DefaultTimeout {
			t.Errorf("fault %+v after %v", a.Fault, time.Since(started))
		}
		if a := ask(t, f, encoded("gzip", encode(t, "gzip", []byte(codedPage))), true); a.Fault != nil {
			t.Errorf("gzip has a small window of its own: %+v", a.Fault)
		}
		time.AfterFunc(time.Second, func() { f.room.Release(decoderRoom) })
		if a := ask(t, f, encoded("zstd", page), true); a.Fault != nil || a.Features.Words == 0 {
			t.Errorf("room came free: %+v", a.Fault)
		}
	})
}

// The window is read from the stream's first byte (RFC 7932, section 9.1).
func TestBrotliWindow(t *testing.T) {
	t.Parallel()
	for bits := 10; bits <= 24; bits++ {
		var b bytes.Buffer
		w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: bits})
		_, _ = io.WriteString(w, strings.Repeat("word ", 100_000))
		_ = w.Close()
		if got := brotliWindow(b.Bytes()[0]); got != 1<<bits {
			t.Errorf("2^%d: read as %d", bits, got)
		}
	}
}
