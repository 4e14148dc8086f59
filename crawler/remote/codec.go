package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"vigil/casefile"
	"vigil/crawler/target"
)

// The wire is the JSON of the types themselves. What they keep out of it, URLs and the
// digest key, has fields of its own here.

type request struct {
	Settings    LookSettings     `json:"manner"`
	DigestKey   []byte           `json:"digest_key"` // that of the settings
	Target      string           `json:"target"`
	Referrer    string           `json:"referrer"` // empty for none
	Purpose     casefile.Purpose `json:"purpose"`
	Nameservers bool             `json:"nameservers"`
}

type response struct {
	Identity    Identity                     `json:"identity"`
	Observation casefile.RevealedObservation `json:"observation"`
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
func encodeRequest(m LookSettings, s casefile.Subject) ([]byte, error) {
	return encode(request{
		Settings: m, DigestKey: []byte(m.DigestKey), Target: s.Target.URL(), Referrer: s.Referrer.URL(),
		Purpose: s.Purpose, Nameservers: s.Nameservers,
	})
}

// decodeRequest reads a look to be made. Its URLs must be canonical: what the owner
// stored is what goes over the wire.
func decodeRequest(data []byte) (LookSettings, casefile.Subject, error) {
	var r request
	if err := decode(data, &r); err != nil {
		return LookSettings{}, casefile.Subject{}, err
	}
	r.Settings.DigestKey = string(r.DigestKey)
	s := casefile.Subject{Purpose: r.Purpose, Nameservers: r.Nameservers}
	var soundTarget, soundReferrer bool
	s.Target, soundTarget = canonical(r.Target)
	s.Referrer, soundReferrer = canonical(r.Referrer)
	err := r.Settings.check()
	switch {
	case err != nil:
	case !s.Purpose.Valid():
		err = errors.New("unknown purpose")
	case !soundTarget:
		err = errors.New("the target is not canonical")
	case !soundReferrer && r.Referrer != "":
		err = errors.New("the referrer is not canonical")
	}
	return r.Settings, s, err
}

// canonical is the target of a URL that is written as Vigil writes it.
func canonical(url string) (casefile.Target, bool) {
	t, problem := target.Parse(url)
	return t, problem == nil && t.URL() == url
}

// encodeAnswer writes what a look saw.
func encodeAnswer(i Identity, o casefile.Observation) ([]byte, error) {
	o.Vantage, o.Started = "", time.Time{} // the one who asked knows them better
	return encode(response{Identity: i, Observation: o.Reveal()})
}

// decodeAnswer reads what a remote vantage saw. Every field is checked (answer.go); an answer
// that breaks one rule is refused whole.
func decodeAnswer(data []byte, asked casefile.Subject, m LookSettings) (Identity, casefile.Observation, error) {
	var a response
	if err := decode(data, &a); err != nil {
		return Identity{}, casefile.Observation{}, err
	}
	if err := a.Identity.check(); err != nil {
		return Identity{}, casefile.Observation{}, err
	}
	o, err := a.Observation.Read()
	if err != nil || !sound(&o, asked, m) {
		return Identity{}, casefile.Observation{}, errUnsound
	}
	return a.Identity, o, nil
}
