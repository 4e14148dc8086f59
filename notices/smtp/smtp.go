// Package smtp hands notices to the operator's mail relay.
//
// A notice comes in; the relay's answer, or a Failure that says exactly how far
// the conversation came, goes out. One connection carries one message, so that
// the outcome of one never touches another.
//
// The package never tries again by itself, never says that a message was not
// taken when the relay may have taken it, never falls back to plain text after a
// broken STARTTLS, and never puts what the relay said, a recipient or a URL into
// an error. The relay is the operator's own and may stand on loopback: it is not
// held against the address guard.
package smtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/internal/dial"
	"vigil/internal/email"
)

// TLS says how the conversation is protected.
type TLS string

// TLS policies. Opportunistic encrypts when the relay offers it and does not ask
// whose certificate it is (RFC 7435: who can forge it could have removed the
// offer). Required needs a certificate that is valid for the relay's name.
const (
	TLSOpportunistic TLS = "opportunistic"
	TLSRequired      TLS = "required"
	TLSNone          TLS = "none"
)

// Bounds of the steps of a conversation. The context of Send bounds all of it.
const (
	connectTimeout = 15 * time.Second
	commandTimeout = 30 * time.Second // greeting, TLS handshake and each command
	contentTimeout = time.Minute      // writing the message
	// The relay's answer after the message: RFC 5321, section 4.5.3.2.6, asks for 10 min
	// of a relay that delivers at once; a local one queues.
	replyTimeout = 2 * time.Minute
)

// Options are what a Sender needs to know.
type Options struct {
	Address string // required: host:port of the relay
	From    string // required: the mailbox notices come from, such as "Hotline <desk@hotline.example>"
	Hello   string // the name in EHLO; default: the domain of From
	TLS     TLS    // default: opportunistic
	// RootCAs are whom to trust for TLSRequired; nil means the system's.
	RootCAs            *x509.CertPool
	Username, Password string // both or neither
	// Dial opens connections; default: net.Dialer. The address it gets is Address when LookupHost is nil
	// or the host is an address, else ip:port.
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Sender hands notices to one relay. It does not change after New, and is safe
// for concurrent use: each Send has a connection of its own.
type Sender struct {
	o      Options
	from   *mail.Address
	host   string
	domain string // of From
}

// New checks the options. Its error names every option that is wrong.
func New(o Options) (*Sender, error) {
	s := &Sender{o: o}
	var wrong []error
	var err error
	var port string
	if s.host, port, err = net.SplitHostPort(o.Address); err != nil || s.host == "" || port == "" {
		wrong = append(wrong, errors.New("the relay's address must be host:port, such as 127.0.0.1:25"))
	}
	if s.from, err = email.ParseMailbox(o.From); err != nil {
		wrong = append(wrong, fmt.Errorf("from: %w", err))
	} else {
		s.domain = s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
	}
	if s.o.Hello = cmp.Or(o.Hello, s.domain); o.Hello != "" && !oneWord(o.Hello) {
		wrong = append(wrong, errors.New("the hello name must be one host name"))
	}
	if s.o.TLS = cmp.Or(s.o.TLS, TLSOpportunistic); !slices.Contains([]TLS{TLSOpportunistic, TLSRequired, TLSNone}, s.o.TLS) {
		wrong = append(wrong, fmt.Errorf("tls %.20q is unknown; use opportunistic, required or none", string(o.TLS)))
	}
	if (o.Username == "") != (o.Password == "") {
		wrong = append(wrong, errors.New("username and password belong together"))
	}
	if o.Username != "" && s.o.TLS != TLSRequired && !loopback(s.host) {
		wrong = append(wrong, errors.New("a password is only sent over tls: required, or to a relay on loopback"))
	}
	if s.o.Dial == nil {
		s.o.Dial = (&net.Dialer{}).DialContext
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("smtp: %w", errors.Join(wrong...))
	}
	return s, nil
}

// oneWord says whether s is printable ASCII without a space: safe in a command and in a header.
func oneWord(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// tlsConfig is the client's side of STARTTLS.
func (s *Sender) tlsConfig() *tls.Config {
	return &tls.Config{
		ServerName: s.host, RootCAs: s.o.RootCAs, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: s.o.TLS == TLSOpportunistic, // #nosec G402 -- RFC 7435, see TLSOpportunistic
	}
}

// dial opens the connection. A relay with several addresses is tried at up to
// four of them, in turn, within one Connect timeout.
func (s *Sender) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return dial.Dialer{Dial: s.o.Dial, Lookup: s.o.LookupHost}.Connect(ctx, s.o.Address, false)
}

// Phase is how far a conversation came.
type Phase string

// Phases, in their order.
const (
	PhaseCompose  Phase = "compose" // the notice itself cannot be sent
	PhaseConnect  Phase = "connect"
	PhaseGreeting Phase = "greeting"
	PhaseHello    Phase = "hello"
	PhaseStartTLS Phase = "starttls"
	PhaseAuth     Phase = "auth"
	PhaseMail     Phase = "mail"
	PhaseRcpt     Phase = "rcpt"
	PhaseData     Phase = "data"    // the DATA command
	PhaseContent  Phase = "content" // the message, but not its end
	PhaseReply    Phase = "reply"   // the end of the message was sent, or may have been
)

// Failure is why a notice was not surely taken.
type Failure struct {
	// State is what the notice becomes: refused (for good), queued (nothing was taken: try later) or
	// uncertain (the relay may have taken it).
	State casefile.NoticeState
	Phase Phase
	Code  int // the relay's reply code, 0 when it gave none
}

// Error names phase and code, and nothing the relay said.
func (f *Failure) Error() string {
	if f.Code == 0 {
		return fmt.Sprintf("smtp: no answer in phase %s", f.Phase)
	}
	return fmt.Sprintf("smtp: answer %d in phase %s", f.Code, f.Phase)
}

// Outcome is State: the outbox asks for it without knowing this package.
func (f *Failure) Outcome() casefile.NoticeState { return f.State }

// Where is Phase as a word for logs.
func (f *Failure) Where() string { return string(f.Phase) }
