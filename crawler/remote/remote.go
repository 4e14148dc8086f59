// Package remote lets Vigil look from a machine that stands elsewhere.
//
// A remote vantage is the same crawler behind mutual TLS: a Server makes looks for its
// owner, a Client asks it for them and stands in for a vantage. In comes a
// casefile.Subject, out goes a casefile.Observation, as with the crawler itself.
//
// The owner sends with each look how it is to be made (LookSettings), the digest key
// among it: features of two vantages compare only under one key, one user agent and
// one body bound. A remote vantage holds the key in memory, stores nothing, and logs neither
// URL nor host nor key. What its answers hold is foreign text: bounded and checked,
// field by field. A remote vantage that cannot be reached, refuses, is too slow or answers
// nonsense is our own fault: an observation with a fault of kind interrupted, never
// an error and never evidence (ADR-0033).
package remote

import (
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode"

	"vigil/casefile"
)

// Wire is the version of what goes over the wire. Both sides must speak the same
// one: a new field is a new version, because both refuse fields they do not know.
const Wire = 3

// wireHeader carries the version, in every request and every answer.
const wireHeader = "Vigil-Wire"

// Bounds of the wire, in bytes. A request holds two URLs; an answer a URL for each
// hop, of which there are at most 51 (crawler.Options.MaxRedirects).
const (
	maxRequest = 256 << 10
	maxAnswer  = 1 << 20
)

// Bounds of what a look may be asked for: those of the configuration.
const (
	leastKey    = 16
	mostKey     = 128
	mostTimeout = 5 * time.Minute
	mostBody    = 64 << 20
	mostHops    = 51
	mostAgent   = 500

	defaultInFlight = 256 // looks at the same time
)

// Limits bound one look: what is asked for, and the most that a remote vantage does.
type Limits struct {
	// Timeout of a whole look, at most 5 min.
	Timeout time.Duration `json:"timeout_ns"`
	// MaxBody bounds a decoded body, in bytes: at most 64 MiB.
	MaxBody int64 `json:"max_body"`
	// MaxRedirects is how many redirects are followed, 0 to 50.
	MaxRedirects int `json:"max_redirects"`
}

// LookSettings is how a look is made. All vantages of an owner look with the same settings, or
// their features would not compare.
type LookSettings struct {
	Limits
	// DigestKey keys digests of bodies and titles: 16 to 128 bytes. It is secret.
	DigestKey string `json:"-"`
	// UserAgent is one line of printable ASCII, at most 500 bytes.
	UserAgent string `json:"user_agent"`
}

// Format keeps every fmt verb from printing the digest key.
func (m LookSettings) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[settings]")) }

// check says what no look may be asked for.
func (m LookSettings) check() error {
	switch {
	case len(m.DigestKey) < leastKey || len(m.DigestKey) > mostKey:
		return fmt.Errorf("the digest key must have %d to %d bytes", leastKey, mostKey)
	case m.Timeout <= 0 || m.Timeout > mostTimeout:
		return fmt.Errorf("the timeout must be positive and at most %v", mostTimeout)
	case m.MaxBody <= 0 || m.MaxBody > mostBody:
		return errors.New("the body bound must be positive and at most 64 MiB")
	case m.MaxRedirects < 0 || m.MaxRedirects >= mostHops:
		return fmt.Errorf("redirects must be 0 to %d", mostHops-1)
	case m.UserAgent == "" || len(m.UserAgent) > mostAgent || !printable(m.UserAgent):
		return errors.New("the user agent must be one line of printable ASCII")
	}
	return nil
}

// within says whether a look with these settings stays within what a remote vantage allows.
func (m LookSettings) within(l Limits) bool {
	return m.Timeout <= l.Timeout && m.MaxBody <= l.MaxBody && m.MaxRedirects <= l.MaxRedirects
}

// Identity is what a remote vantage says of itself.
type Identity struct {
	casefile.Vantage        // country and network may be empty
	Build            string `json:"build"` // the version of its program
	Limits           Limits `json:"limits"`
}

// Bounds of an identity, in bytes.
const (
	maxName  = 60
	maxBuild = 100
)

// check says what no identity may hold.
func (i Identity) check() error {
	switch {
	case i.Name == "" || len(i.Name) > maxName || !every(i.Name, unicode.IsPrint):
		return fmt.Errorf("the name must have 1 to %d bytes, without control characters", maxName)
	case i.Country != "" && (len(i.Country) != 2 || !every(i.Country, upper)):
		return errors.New("the country must be an ISO 3166-1 code, two capital letters, or empty")
	case len(i.Network) > maxName || !printable(i.Network):
		return fmt.Errorf("the network must be printable ASCII of at most %d bytes, for example AS64500", maxName)
	case len(i.Build) > maxBuild || !printable(i.Build):
		return errors.New("the build is no version")
	}
	return nil
}

// otherVersion is the error of two sides that speak different versions.
func otherVersion(stated string) error {
	theirs := "another"
	if n, err := strconv.ParseUint(stated, 10, 16); err == nil {
		theirs = strconv.FormatUint(n, 10)
	}
	return &refusal{detailWire, fmt.Sprintf("the other side speaks version %s of the wire, this program version %d: "+
		"install the same release of vigil on both", theirs, Wire)}
}

func printable(s string) bool { return every(s, func(r rune) bool { return r >= ' ' && r <= '~' }) }

func upper(r rune) bool { return r >= 'A' && r <= 'Z' }

func every(s string, ok func(rune) bool) bool {
	for _, r := range s {
		if !ok(r) {
			return false
		}
	}
	return true
}
