package fakenet

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Mail is a message that the sink took.
type Mail struct {
	From      string
	To        []string
	MessageID string // without angle brackets
	Subject   string // as it was sent, not decoded
	Body      string // the whole message, headers included
	At        time.Time
	TLS       bool
}

// MailRule is how the sink treats a recipient.
type MailRule string

// Mail rules.
const (
	MailAccept         MailRule = ""
	MailUnknown        MailRule = "unknown"          // 550 5.1.1 at RCPT
	MailFull           MailRule = "full"             // 552 5.2.2 at RCPT
	MailDefer          MailRule = "defer"            // 451 4.7.1 at RCPT
	MailRejectData     MailRule = "reject_data"      // 554 5.7.1 after the message
	MailHang           MailRule = "hang"             // never answers RCPT
	MailDropBeforeData MailRule = "drop_before_data" // closes at RCPT
	MailDropAfterData  MailRule = "drop_after_data"  // keeps the message and closes without a reply
	MailNoGreeting     MailRule = "no_greeting"      // 554 instead of the greeting; for "*" only
	MailBadTLS         MailRule = "bad_tls"          // offers STARTTLS and breaks it; for "*" only
)

// maxMails bounds what the sink keeps; more are refused with 452.
const maxMails = 100_000

// mailServer is the sink.
type mailServer struct {
	net           *Net
	plain, secure *smtp.Server
	plainQueue    *chanListener
	secureQueue   *chanListener

	mu    sync.Mutex
	mails []Mail
	rules map[string]MailRule
	tls   bool
}

func newMailServer(n *Net) *mailServer {
	m := &mailServer{net: n, rules: map[string]MailRule{}}
	at := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(mailAddr + ":25"))
	m.plainQueue, m.secureQueue = newChanListener(at), newChanListener(at)
	m.plain, m.secure = m.server(nil), m.server(&tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: m.certificate})
	for l, s := range map[*chanListener]*smtp.Server{m.plainQueue: m.plain, m.secureQueue: m.secure} {
		n.wg.Add(1)
		go func() {
			defer n.wg.Done()
			_ = s.Serve(l)
		}()
	}
	return m
}

func (m *mailServer) server(c *tls.Config) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{server: m, conn: c}, nil }))
	s.Domain, s.TLSConfig, s.ErrorLog = MailHost, c, silentLog
	s.MaxMessageBytes, s.MaxRecipients = 1<<20, 100
	s.ReadTimeout, s.WriteTimeout = 10*time.Minute, time.Minute
	return s
}

func (m *mailServer) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if m.rule("*") == MailBadTLS {
		return nil, errNoHandshake
	}
	return m.net.certs.certificate(MailHost, TLSGood)
}

func (m *mailServer) accept(c net.Conn) {
	m.mu.Lock()
	rule, secure := m.rules["*"], m.tls
	m.mu.Unlock()
	switch {
	case rule == MailNoGreeting:
		m.net.background(c, func() {
			_, _ = io.WriteString(c, "554 5.3.2 "+MailHost+" no service here\r\n")
			swallow(c)
		})
	case secure || rule == MailBadTLS:
		m.secureQueue.push(c)
	default:
		m.plainQueue.push(c)
	}
}

func (m *mailServer) close() {
	_ = m.plain.Close()
	_ = m.secure.Close()
	_ = m.plainQueue.Close()
	_ = m.secureQueue.Close()
}

func (m *mailServer) rule(recipient string) MailRule {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.rules[strings.ToLower(recipient)]; ok {
		return r
	}
	return m.rules["*"]
}

// Mails are the messages that the sink took, in order.
func (n *Net) Mails() []Mail {
	n.mail.mu.Lock()
	defer n.mail.mu.Unlock()
	return append([]Mail(nil), n.mail.mails...)
}

// MailRule sets how the sink treats a recipient; "*" is everybody without a rule of its own.
func (n *Net) MailRule(recipient string, r MailRule) {
	n.mail.mu.Lock()
	defer n.mail.mu.Unlock()
	n.mail.rules[strings.ToLower(recipient)] = r
}

// MailTLS makes the sink offer STARTTLS, with a certificate of Roots for MailHost, to new connections.
func (n *Net) MailTLS(on bool) {
	n.mail.mu.Lock()
	defer n.mail.mu.Unlock()
	n.mail.tls = on
}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	from   string
	to     []string
}

func (s *mailSession) Reset()        { s.from, s.to = "", nil }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

var errDropped = errors.New("fakenet: dropped")

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch s.server.rule(to) {
	case MailUnknown:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	case MailFull:
		return &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 2, 2}, Message: "Mailbox is full"}
	case MailDefer:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Please try again later"}
	case MailHang:
		s.wait()
		return errDropped
	case MailDropBeforeData:
		_ = s.conn.Conn().Close()
		return errDropped
	case MailAccept, MailRejectData, MailDropAfterData, MailNoGreeting, MailBadTLS:
	}
	s.to = append(s.to, to)
	return nil
}

// wait blocks until the client gives up or the net closes.
func (s *mailSession) wait() {
	var b [1]byte
	c := s.conn.Conn()
	_ = c.SetReadDeadline(time.Time{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		select {
		case <-s.server.net.done:
			_ = c.Close()
		case <-ctx.Done():
		}
	}()
	_, _ = c.Read(b[:])
	cancel()
	<-stop
	_ = c.Close()
}

func (s *mailSession) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	rule := MailAccept
	for _, to := range s.to {
		if x := s.server.rule(to); x != MailAccept {
			rule = x
		}
	}
	if rule == MailRejectData {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Message refused"}
	}
	_, secure := s.conn.TLSConnectionState()
	if !s.server.keep(parseMail(Mail{From: s.from, To: s.to, At: time.Now(), TLS: secure}, body)) {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "The sink is full"}
	}
	if rule == MailDropAfterData {
		_ = s.conn.Conn().Close()
		return errDropped
	}
	return nil
}

func (m *mailServer) keep(x Mail) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.mails) >= maxMails {
		return false
	}
	m.mails = append(m.mails, x)
	return true
}

func parseMail(x Mail, body []byte) Mail {
	x.Body = string(body)
	if p, err := mail.ReadMessage(bufio.NewReader(bytes.NewReader(body))); err == nil {
		x.Subject = p.Header.Get("Subject")
		x.MessageID = strings.Trim(p.Header.Get("Message-Id"), "<>")
	}
	return x
}
