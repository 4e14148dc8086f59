package remote

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"

	"vigil/casefile"
	"vigil/crawler/guard"
)

// ClientOptions are what a Client needs. All but InFlight, Grace and Dial are required.
type ClientOptions struct {
	// Vantage is the place as the owner's configuration states it. The remote vantage must state the same.
	Vantage     casefile.Vantage
	Address     string // host:port
	Credentials Credentials
	Settings    LookSettings
	// InFlight bounds the looks at the same time; default 256.
	InFlight int
	// Grace is the time for the way to the remote vantage and back, beyond LookSettings.Timeout; default 15 s.
	Grace time.Duration
	// Dial reaches the remote vantage; nil is a net.Dialer. The remote vantage is the operator's: its
	// address passes no guard.
	Dial guard.Dial
}

// Details of faults on our side of the connection.
const (
	detailSilent     = "the remote vantage did not answer"
	detailRefused    = "the remote vantage refused our certificate"
	detailStranger   = "the remote vantage could not prove itself"
	detailBusy       = "the remote vantage is busy"
	detailDeclined   = "the remote vantage declined the look"
	detailWire       = "the remote vantage speaks another wire version"
	detailGarbage    = "the answer of the remote vantage makes no sense"
	detailOtherPlace = "the remote vantage states another place"
	detailStopped    = "stopped from our side"
)

// Client asks one remote vantage. It is safe for concurrent use.
type Client struct {
	o         ClientOptions
	expires   time.Time
	transport *http.Transport
	slots     *semaphore.Weighted
}

// NewClient makes a Client and reads its credentials. It does not ask the remote vantage anything.
func NewClient(o ClientOptions) (*Client, error) {
	o.InFlight, o.Grace = cmp.Or(o.InFlight, defaultInFlight), cmp.Or(o.Grace, turn+transit)
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: transit}).DialContext
	}
	fail := func(err error) (*Client, error) { return nil, fmt.Errorf("remote vantage %q: %w", o.Vantage.Name, err) }
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return fail(errors.New("its address must be host:port"))
	}
	stated := Identity{Vantage: o.Vantage}
	if err := errors.Join(stated.check(), o.Settings.check()); err != nil {
		return fail(err)
	}
	if o.InFlight < 0 || o.Grace < 0 {
		return fail(errors.New("looks in flight and grace must be positive"))
	}
	c, err := o.Credentials.load()
	if err != nil {
		return fail(err)
	}
	// HTTP/1.1: a look has its connection to itself, and one that hangs holds up no other.
	plain := new(http.Protocols)
	plain.SetHTTP1(true)
	return &Client{
		o: o, expires: c.own.Leaf.NotAfter, slots: semaphore.NewWeighted(int64(o.InFlight)),
		transport: &http.Transport{
			DialContext: o.Dial, TLSClientConfig: c.tls(), TLSHandshakeTimeout: transit, Protocols: plain,
			MaxIdleConns: o.InFlight, MaxIdleConnsPerHost: o.InFlight, IdleConnTimeout: time.Minute,
			DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
		},
	}, nil
}

// Vantage is the place the remote vantage looks from.
func (c *Client) Vantage() casefile.Vantage { return c.o.Vantage }

// Expires is when our own certificate for this remote vantage ends.
func (c *Client) Expires() time.Time { return c.expires }

// Close drops idle connections. Looks under way are not touched.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Look has the remote vantage look at s. It never returns an error: when the remote vantage cannot be
// reached, refuses, is too slow or answers what cannot be used, the observation has
// a fault of kind interrupted and phase connect, with what happened in its detail.
//
// At most ClientOptions.InFlight looks run at the same time; waiting for a turn does
// not count. Started is our own clock, Took what the remote vantage measured.
func (c *Client) Look(ctx context.Context, s casefile.Subject) casefile.Observation {
	o := casefile.NewObservation(c.o.Vantage.Name, s)
	if c.slots.Acquire(ctx, 1) != nil {
		o.Fault, o.Took = ours(detailStopped), time.Since(o.Started)
		return o
	}
	defer c.slots.Release(1)
	o.Started = time.Now().UTC()
	timed, cancel := context.WithTimeout(ctx, c.o.Settings.Timeout+c.o.Grace)
	defer cancel()
	seen, err := c.ask(timed, s)
	elapsed := time.Since(o.Started)
	if err == nil && seen.Took > elapsed { // no look takes longer than asking for it
		err = unusable("a duration out of range")
	}
	if err != nil {
		detail := detailOf(err)
		if ctx.Err() != nil {
			detail = detailStopped
		}
		o.Fault, o.Took = ours(detail), elapsed
		return o
	}
	seen.Vantage, seen.Started = o.Vantage, o.Started
	return seen
}

func ours(detail string) *casefile.Fault {
	return &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseConnect, Detail: detail}
}

// ask makes the request and reads the answer.
func (c *Client) ask(ctx context.Context, s casefile.Subject) (casefile.Observation, error) {
	body, err := encodeRequest(c.o.Settings, s)
	if err != nil {
		return casefile.Observation{}, err
	}
	data, err := c.call(ctx, http.MethodPost, "/look", body)
	if err != nil {
		return casefile.Observation{}, err
	}
	who, o, err := decodeAnswer(data, s, c.o.Settings)
	if err != nil {
		return casefile.Observation{}, unusable(err.Error())
	}
	if who.Vantage != c.o.Vantage {
		return casefile.Observation{}, wrongPlace(who.Vantage, c.o.Vantage)
	}
	return o, nil
}

// Identity asks the remote vantage who it is, and checks that it can serve this owner. The error
// says what is wrong and what to do, or is of the connection or of TLS.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Grace)
	defer cancel()
	data, err := c.call(ctx, http.MethodGet, "/identity", nil)
	if err != nil {
		return Identity{}, err
	}
	var who Identity
	if err = decode(data, &who); err == nil {
		err = who.check()
	}
	if err != nil {
		return Identity{}, unusable(err.Error())
	}
	if who.Vantage != c.o.Vantage {
		return who, wrongPlace(who.Vantage, c.o.Vantage)
	}
	if l := who.Limits; !c.o.Settings.within(l) {
		return who, fmt.Errorf("the remote vantage allows looks of %v, %d bytes and %d redirects, and ours need more: "+
			"raise its crawler.timeout, max_body and max_redirects to ours", l.Timeout, l.MaxBody, l.MaxRedirects)
	}
	return who, nil
}

// call makes one request and reads one bounded answer.
func (c *Client) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, "https://"+ServerName+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL.Host = c.o.Address
	r.Host = ServerName
	r.Header.Set(wireHeader, strconv.Itoa(Wire))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		// A look twice does no harm: the transport may ask again on a fresh connection when an idle
		// one turns out dead. The empty list marks the request so and sends nothing (net/http, Request).
		r.Header["Idempotency-Key"] = []string{}
	}
	answer, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch theirs := answer.Header.Get(wireHeader); {
	case theirs == "":
		return nil, unusable("no remote vantage: it states no wire version")
	case theirs != strconv.Itoa(Wire):
		return nil, otherVersion(theirs)
	case answer.StatusCode != http.StatusOK:
		return nil, refused(answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err == nil && len(data) > maxAnswer {
		err = unusable("it is too long")
	}
	return data, err
}

// refusal is what the remote vantage said or is that makes it of no use. It repeats nothing foreign but the place that
// a remote vantage states.
type refusal struct{ detail, text string }

func (e *refusal) Error() string { return e.text }

func unusable(why string) error {
	return &refusal{detailGarbage, "the answer cannot be used: " + why}
}

func wrongPlace(states, configured casefile.Vantage) error {
	place := func(v casefile.Vantage) string {
		return fmt.Sprintf("%q in country %q, network %q", v.Name, v.Country, v.Network)
	}
	return &refusal{detailOtherPlace, fmt.Sprintf("the remote vantage says that it is %s, the configuration says %s: "+
		"correct crawler.vantages here, or vantage there", place(states), place(configured))}
}

func refused(status int) error {
	said := fmt.Sprintf("the remote vantage answered with status %d (%s); its log says why", status, http.StatusText(status))
	e := &refusal{detailDeclined, said}
	if status == http.StatusServiceUnavailable {
		e.detail = detailBusy
	}
	return e
}

// detailOf is the phrase for what went wrong between us and the remote vantage.
func detailOf(err error) string {
	var refused *refusal
	var stranger *tls.CertificateVerificationError
	var broken *net.OpError
	switch {
	case errors.As(err, &refused):
		return refused.detail
	case errors.As(err, &stranger):
		return detailStranger
	case errors.As(err, &broken) && broken.Op == "remote error": // a TLS alert (crypto/tls)
		return detailRefused
	}
	return detailSilent
}
