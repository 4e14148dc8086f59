package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/crawler/target"
	"vigil/internal/fakenet"
	"vigil/judge"
)

// noise is a file of size bytes that no other seed has, behind the first bytes of its kind and a
// profile that a program writes into all its files.
func noise(seed uint64, size int, start string, profile int) []byte {
	b := append([]byte(start), bytes.Repeat([]byte{7}, profile)...)
	r := rand.New(rand.NewPCG(seed, 11))
	for len(b) < size {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b[:size]
}

const (
	startPNG  = "\x89PNG\x0D\x0A\x1A\x0A"
	startJPEG = "\xFF\xD8\xFF\xE0"
)

// served is a file and how it is sent.
type served struct {
	body   []byte
	zipped bool // with a content encoding
	broken bool // the connection ends in the middle
	status int
}

// turns are what happens to a file between two looks, and whether it is still the first one.
var turns = []struct {
	name string
	turn func(f []byte) served
	same func(size int) bool
}{
	{"nothing", func(f []byte) served { return served{body: f} }, always},
	{"sent with a content encoding", func(f []byte) served { return served{body: f, zipped: true} }, always},
	{"17 bytes added", func(f []byte) served { return served{body: append(bytes.Clone(f), "seventeen bytes.."...)} }, digested},
	{"a third added", func(f []byte) served { return served{body: append(bytes.Clone(f), noise(999, len(f)/3, "", 0)...)} }, digested},
	{"a third cut off", func(f []byte) served { return served{body: f[:len(f)*2/3]} }, func(size int) bool { return size*2/3 >= casefile.FirstPrefix }},
	{"a byte in the middle altered", func(f []byte) served { g := bytes.Clone(f); g[len(g)/2] ^= 1; return served{body: g} },
		func(size int) bool { return size/2 >= casefile.FirstPrefix }},
	{"17 bytes added, status 404", func(f []byte) served {
		return served{body: append(bytes.Clone(f), "seventeen bytes.."...), status: 404}
	}, digested},
	{"the transfer broke off", func(f []byte) served { return served{body: f, broken: true} }, func(size int) bool { return size/2 >= casefile.FirstPrefix }},
	{"encoded anew", func(f []byte) served {
		return served{body: noise(uint64(len(f)), len(f)*9/10, startJPEG, profileOf(len(f)))}
	}, never},
	{"as another type", func(f []byte) served { g := append([]byte(startPNG), f...); return served{body: g} }, never},
	{"another file of the program", func(f []byte) served {
		return served{body: noise(uint64(len(f))+1, len(f), startJPEG, profileOf(len(f)))}
	}, never},
	{"a placeholder", func([]byte) served { return served{body: noise(5, 1800, startPNG, 0)} }, never},
}

// profileOf is the length of the colour profile in a picture of size bytes: 3,144 bytes is that of the commonest one (sRGB).
func profileOf(size int) int { return min(3144, size/4) }

func always(int) bool        { return true }
func never(int) bool         { return false }
func digested(size int) bool { return size >= casefile.FirstPrefix }

// Files are known again by the real crawler and the judge, in each size and however they are sent (ADR-0040).
func TestFilesAreKnownAgainOnTheWire(t *testing.T) {
	t.Parallel()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(n.Close)
	look, err := accuracyLab{timeout: 20 * time.Second}.crawler(n, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	var now served
	n.Add(fakenet.Site{Host: "files.example", Acts: fakenet.Always(fakenet.Behaviour{Everywhere: true, Answer: func(w http.ResponseWriter, _ *fakenet.Request) { now.write(w) }})})
	at, problem := target.Parse(n.URL("files.example"))
	if problem != nil {
		t.Fatal(problem)
	}
	see := func(s served) casefile.Observation {
		now = s
		return look.Look(t.Context(), "local", casefile.Subject{Target: at, Purpose: casefile.PurposeTarget})
	}
	for i, size := range []int{2_000, 5_000, 9_000, 60_000, 300_000, 1_500_000, 3_000_000} {
		file := noise(uint64(i), size, startJPEG, profileOf(size))
		first := see(served{body: file})
		if first.Fault != nil || first.Features == nil || first.Features.Kind != "image/jpeg" {
			t.Fatalf("%d bytes: %+v, fault %+v", size, first.Features, first.Fault)
		}
		for _, turn := range turns {
			later := see(turn.turn(file))
			v := judge.Decide(judge.Input{Target: at, Observations: []casefile.Observation{later}, Baseline: first.Features})
			if known := v.Reason == casefile.ReasonMatchesBaseline; known != turn.same(size) {
				t.Errorf("%d bytes, %s: %s; signals %v", size, turn.name, v.Reason, v.Signals)
			}
		}
	}
}

func (s served) write(w http.ResponseWriter) {
	body := s.body
	w.Header().Set("Content-Type", "application/octet-stream") // the server's word is not counted
	if s.zipped {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		body = b.Bytes()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if s.status != 0 {
		w.WriteHeader(s.status)
	}
	if s.broken {
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body)
}
