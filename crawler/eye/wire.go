package eye

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"time"

	"vigil/casefile"
	"vigil/crawler/target"
)

// The wire is JSON. Targets mask themselves in JSON, so every part that holds one
// has a form of its own here. Durations are in nanoseconds.

type wireManner struct {
	DigestKey    []byte `json:"digest_key"`
	Timeout      int64  `json:"timeout_ns"`
	MaxBody      int64  `json:"max_body"`
	MaxRedirects int    `json:"max_redirects"`
	UserAgent    string `json:"user_agent"`
}

type wireRequest struct {
	Manner      wireManner       `json:"manner"`
	Target      string           `json:"target"`
	Referrer    string           `json:"referrer"` // empty for none
	Purpose     casefile.Purpose `json:"purpose"`
	Nameservers bool             `json:"nameservers"`
}

type wireAnswer struct {
	Identity    Identity        `json:"identity"`
	Observation wireObservation `json:"observation"`
}

type wireObservation struct {
	Purpose    casefile.Purpose    `json:"purpose"`
	Took       int64               `json:"took_ns"`
	Resolution casefile.Resolution `json:"resolution"`
	Hops       []wireHop           `json:"hops"`
	Status     int                 `json:"status"`
	BodyBytes  int64               `json:"body_bytes"`
	Truncated  bool                `json:"truncated"`
	Features   *casefile.Features  `json:"features"`
	Fault      *casefile.Fault     `json:"fault"`
}

type wireHop struct {
	Target     string     `json:"target"`
	Address    netip.Addr `json:"address"`
	Status     int        `json:"status"`
	TLS        *wireTLS   `json:"tls"`
	Location   bool       `json:"location"`
	MediaType  string     `json:"media_type"`
	Server     string     `json:"server"`
	Edge       string     `json:"edge"`
	Challenge  bool       `json:"challenge"`
	Protocol   string     `json:"protocol"`
	RetryAfter int64      `json:"retry_after_ns"`
	Date       time.Time  `json:"date"`
	RoundTrip  int64      `json:"round_trip_ns"`
	Took       int64      `json:"took_ns"`
}

type wireTLS struct {
	Version string    `json:"version"`
	Problem string    `json:"problem"`
	Expires time.Time `json:"expires"`
}

// encode writes v without escapes for HTML: the ampersands of a URL would be six bytes each.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var errNotOne = errors.New("not one JSON value of the wire's shape")

// decode reads exactly one value without unknown fields. The error repeats nothing of data.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(v) != nil {
		return errNotOne
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errNotOne
	}
	return nil
}

// encodeRequest writes a look to be made.
func encodeRequest(m Manner, s casefile.Subject) ([]byte, error) {
	return encode(wireRequest{
		Manner:   wireManner{DigestKey: []byte(m.DigestKey), Timeout: int64(m.Timeout), MaxBody: m.MaxBody, MaxRedirects: m.MaxRedirects, UserAgent: m.UserAgent},
		Target:   s.Target.URL(),
		Referrer: s.Referrer.URL(),
		Purpose:  s.Purpose, Nameservers: s.Nameservers,
	})
}

// decodeRequest reads a look to be made. Its URLs must be canonical: what the owner
// stored is what goes over the line.
func decodeRequest(data []byte) (Manner, casefile.Subject, error) {
	var r wireRequest
	if err := decode(data, &r); err != nil {
		return Manner{}, casefile.Subject{}, err
	}
	m := Manner{
		DigestKey: string(r.Manner.DigestKey), Timeout: time.Duration(r.Manner.Timeout),
		MaxBody: r.Manner.MaxBody, MaxRedirects: r.Manner.MaxRedirects, UserAgent: r.Manner.UserAgent,
	}
	if err := m.check(); err != nil {
		return Manner{}, casefile.Subject{}, err
	}
	s := casefile.Subject{Purpose: r.Purpose, Nameservers: r.Nameservers}
	if !s.Purpose.Valid() {
		return Manner{}, casefile.Subject{}, errors.New("unknown purpose")
	}
	var ok bool
	if s.Target, ok = canonical(r.Target); !ok {
		return Manner{}, casefile.Subject{}, errors.New("the target is not canonical")
	}
	if r.Referrer != "" {
		if s.Referrer, ok = canonical(r.Referrer); !ok {
			return Manner{}, casefile.Subject{}, errors.New("the referrer is not canonical")
		}
	}
	return m, s, nil
}

// canonical is the target of a URL that is written as Vigil writes it.
func canonical(url string) (casefile.Target, bool) {
	t, problem := target.Parse(url)
	return t, problem == nil && t.URL() == url
}

// encodeAnswer writes what a look saw.
func encodeAnswer(i Identity, o casefile.Observation) ([]byte, error) {
	w := wireObservation{
		Purpose: o.Purpose, Took: int64(o.Took), Resolution: o.Resolution, Hops: make([]wireHop, 0, len(o.Hops)), Status: o.Status,
		BodyBytes: o.BodyBytes, Truncated: o.Truncated, Features: o.Features, Fault: o.Fault,
	}
	for _, h := range o.Hops {
		hop := wireHop{
			Target: h.Target.URL(), Address: h.Address, Status: h.Status, Location: h.Location, MediaType: h.MediaType, Server: h.Server,
			Edge: h.Edge, Challenge: h.Challenge, Protocol: h.Protocol, RetryAfter: int64(h.RetryAfter), Date: h.Date,
			RoundTrip: int64(h.RoundTrip), Took: int64(h.Took),
		}
		if h.TLS != nil {
			hop.TLS = &wireTLS{Version: h.TLS.Version, Problem: h.TLS.Problem, Expires: h.TLS.Expires}
		}
		w.Hops = append(w.Hops, hop)
	}
	return encode(wireAnswer{Identity: i, Observation: w})
}

// decodeAnswer reads what an eye saw. Every field is checked (answer.go); an answer
// that breaks one rule is refused whole.
func decodeAnswer(data []byte, asked casefile.Subject, m Manner) (Identity, casefile.Observation, error) {
	var a wireAnswer
	if err := decode(data, &a); err != nil {
		return Identity{}, casefile.Observation{}, err
	}
	if err := a.Identity.check(); err != nil {
		return Identity{}, casefile.Observation{}, err
	}
	o, err := a.Observation.read(asked, m)
	return a.Identity, o, err
}
