package fetch

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

// picture is a made-up PNG of n bytes: only its first bytes are one.
func picture(n int) string {
	return "\x89PNG\x0D\x0A\x1A\x0A" + strings.Repeat("made-up bytes ", n/14+1)[:n-8]
}

// A file's beginning is digested at 4, 8, 16 ... KiB, however its bytes arrive.
func TestHeadsAreThoseOfTheBeginning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ size, prefixes int }{{20, 0}, {4095, 0}, {4096, 1}, {4097, 1}, {8191, 1}, {8192, 2}, {300_000, 7}, {testMaxBody, 9}, {testMaxBody + 1, 9}} {
		body := picture(tt.size)
		var want []string
		for n := casefile.FirstPrefix; n <= min(tt.size, testMaxBody); n *= 2 {
			mac := hmac.New(sha256.New, []byte("a key of a test, 32 bytes long.."))
			mac.Write([]byte(body[:n]))
			want = append(want, hex.EncodeToString(mac.Sum(nil)[:prefixSum]))
		}
		if len(want) != tt.prefixes {
			t.Fatalf("%d bytes: the test expects %d prefixes", tt.size, len(want))
		}
		for _, piece := range []int{1, 1000, 4096, 1 << 20} {
			if piece == 1 && tt.size > 10_000 {
				continue
			}
			got := featuresFrom(testScratch(), &pieces{strings.NewReader(body), piece}, "image/png")
			if diff := cmp.Diff(want, got.PrefixDigests); diff != "" {
				t.Errorf("%d bytes in pieces of %d (-want +got):\n%s", tt.size, piece, diff)
			}
			if whole := featuresOf(testScratch(), body, "image/png"); whole.Digest != got.Digest || got.Kind != "image/png" {
				t.Errorf("%d bytes in pieces of %d: another digest, or the kind %q", tt.size, piece, got.Kind)
			}
		}
	}
	if got := featuresOf(testScratch(), "<p>"+strings.Repeat("word ", 4000), "text/html"); got.PrefixDigests != nil || got.Kind != "" {
		t.Errorf("a page has the prefixes %v and the kind %q", got.PrefixDigests, got.Kind)
	}
}

// pieces hands out at most n bytes at once.
type pieces struct {
	r io.Reader
	n int
}

func (p *pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.n)]) }

// How long a file is: read to its end, declared, or told by a range.
func TestSizeOfAFile(t *testing.T) {
	t.Parallel()
	body := picture(5000)
	for _, tt := range []struct {
		name, answer  string
		bytes, length int64
		truncated     bool
		kind          string
		prefixes      int
	}{
		{"to its end", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + body, 5000, 5000, false, "image/png", 1},
		{"declared", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body, 5000, 5000, false, "image/png", 1},
		{"longer than is read", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 2000000\r\n\r\n" + picture(2_000_000), testMaxBody, 2_000_000, true, "image/png", 9},
		{"longer, and nobody says how long", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + picture(2_000_000), testMaxBody, 0, true, "image/png", 9},
		{"broken off", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 9000\r\n\r\n" + body, 5000, 9000, false, "image/png", 1},
		{"a range nobody asked for", "HTTP/1.1 206 Partial Content\r\nContent-Type: image/png\r\nContent-Length: 5000\r\nContent-Range: bytes 0-4999/70000\r\n\r\n" + body, 5000, 70000, true, "image/png", 1},
		{"a range from the middle", "HTTP/1.1 206 Partial Content\r\nContent-Type: image/png\r\nContent-Length: 5000\r\nContent-Range: bytes 100-5099/70000\r\n\r\n" + body, 5000, 70000, true, "", 0},
		{"a coding that is not understood", "HTTP/1.1 200 OK\r\nContent-Encoding: made-up\r\nContent-Length: 5000\r\n\r\n" + body, 5000, 5000, false, "", 1},
		{"a picture that calls itself a page", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body, 0, 0, false, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, testFetcher(t, nil), tt.answer, false)
			if a.Features == nil {
				t.Fatalf("no features: %+v", a.Fault)
			}
			type size struct {
				Bytes, Length int64
				Truncated     bool
				Kind          string
				Prefixes      int
			}
			want := size{tt.bytes, tt.length, tt.truncated, tt.kind, tt.prefixes}
			if diff := cmp.Diff(want, size{a.Features.Bytes, a.Features.Length, a.Truncated, a.Features.Kind, len(a.Features.PrefixDigests)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestContentRange(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][2]int64{
		"bytes 0-1023/146515": {0, 146515}, " bytes 5-9/10 ": {5, 10}, "bytes 0-9/*": {0, 0},
		"": {-1, 0}, "bytes */10": {-1, 0}, "bytes 9-5/10": {-1, 0}, "bytes -1-5/10": {-1, 0}, "items 0-5/10": {-1, 0},
		"bytes 0-5": {-1, 0}, "bytes 0-9/5": {0, 0}, "bytes 0-99999999999999999999/5": {-1, 0},
	} {
		if start, total := contentRange(s); start != want[0] || total != want[1] {
			t.Errorf("%q: %d of %d, want %d of %d", s, start, total, want[0], want[1])
		}
	}
	if !strings.HasPrefix(kindOf(func(int) ([]byte, error) { return []byte(picture(100)), nil }), "image/") {
		t.Error("a picture is known by its first bytes")
	}
}
