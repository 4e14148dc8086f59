package smtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"

	"vigil/casefile"
	"vigil/internal/email"
	"vigil/words"
)

// maxSession bounds what a relay may say in one conversation, TLS included, in bytes.
const maxSession = 256 << 10

// Send hands one notice to the relay. proof is what the relay answered last, as
// one printable line of at most 2,000 bytes: its queue id when it took the
// message, its reason when it did not. It may quote the URL: redact it. The error is nil when the relay
// took it, else a *Failure.
//
// go-mail's own Client keeps one deadline for everything after the connection and
// reports a failed RSET after a delivery as an error; so the conversation is held
// here, with go-mail's parts.
func (s *Sender) Send(ctx context.Context, n casefile.Notice) (proof string, err error) {
	message, err := s.render(n)
	if err != nil {
		return err.Error(), &Failure{State: casefile.NoticeRefused, Phase: PhaseCompose}
	}
	conn, err := s.dial(ctx)
	if err != nil {
		return fail(PhaseConnect, err)
	}
	// Cancelling cuts the connection. Closing twice does no harm.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	c := &conversation{s: s, conn: &boundedConn{Conn: conn, left: maxSession}}
	if phase, err := c.open(); err != nil {
		return fail(phase, err)
	}
	return c.deliver(n.Contact.Email, message)
}

// fail makes the outcome of a conversation that ended in an error.
func fail(phase Phase, err error) (string, error) {
	f := &Failure{State: casefile.NoticeQueued, Phase: phase}
	proof := "no answer"
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		f.Code, proof = answer.Code, line(fmt.Sprintf("%d %s", answer.Code, answer.Msg))
	} else if own, ok := errors.AsType[complaint](err); ok {
		proof = own.Error()
	} else if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		proof = "no answer in time"
	} else if phase == PhaseStartTLS {
		proof = "TLS could not be agreed on, or the certificate is not the relay's"
	}
	f.State = outcome(phase, f.Code)
	return line(string(phase) + ": " + proof), f
}

// outcome is what a notice becomes after a failure. A relay that refuses us before
// it saw sender and recipient (greeting, hello, TLS, AUTH) has said nothing about
// the message: the operator can mend it, so it is tried later. So are an asked-for
// login (530, 538) and a service that closes (421). Until the end of the message
// was sent nothing can have been taken: RFC 5321, section 4.1.1.10, has the server
// drop what a lost connection cuts off. After it, only an answer tells.
func outcome(phase Phase, code int) casefile.NoticeState {
	switch phase {
	case PhaseMail, PhaseRcpt, PhaseData, PhaseReply:
		switch {
		case code == 530 || code == 538:
			return casefile.NoticeQueued
		case code >= 500 && code <= 599:
			return casefile.NoticeRefused
		case code >= 400 && code <= 499, phase != PhaseReply:
			return casefile.NoticeQueued
		}
		return casefile.NoticeUncertain
	case PhaseCompose:
		return casefile.NoticeRefused
	case PhaseConnect, PhaseGreeting, PhaseHello, PhaseStartTLS, PhaseAuth, PhaseContent:
	}
	return casefile.NoticeQueued
}

// conversation is one connection to the relay.
type conversation struct {
	s    *Sender
	conn net.Conn
	smtp *gosmtp.Client
}

// open comes as far as a relay that is ready for a message.
func (c *conversation) open() (Phase, error) {
	if err := c.conn.SetDeadline(time.Now().Add(commandTimeout)); err != nil {
		return PhaseGreeting, err
	}
	var err error
	if c.smtp, err = gosmtp.NewClient(c.conn, c.s.host); err != nil {
		return PhaseGreeting, err
	}
	// Our addresses are ASCII; a message marked SMTPUTF8 could not be passed on by every server.
	c.smtp.SkipSMTPUTF8(true)
	if err := c.within(commandTimeout, func() error { return c.smtp.Hello(c.s.o.Hello) }); err != nil {
		return PhaseHello, err
	}
	offered, _ := c.smtp.Extension("STARTTLS")
	switch {
	case c.s.o.TLS == TLSRequired && !offered:
		return PhaseStartTLS, complaint("the relay does not offer STARTTLS")
	case c.s.o.TLS != TLSNone && offered:
		if err := c.within(commandTimeout, func() error { return c.smtp.StartTLS(c.s.tlsConfig()) }); err != nil {
			return PhaseStartTLS, err
		}
	}
	if c.s.o.Username != "" {
		if err := c.within(commandTimeout, c.login); err != nil {
			return PhaseAuth, err
		}
	}
	return "", nil
}

// login uses PLAIN, or LOGIN where only that is offered. New saw to it that the
// password travels over verified TLS or stays on this machine.
func (c *conversation) login() error {
	_, offered := c.smtp.Extension("AUTH")
	plainText := c.s.o.TLS != TLSRequired
	for mechanism := range strings.FieldsSeq(strings.ToUpper(offered)) {
		if mechanism == "PLAIN" {
			return c.smtp.Auth(gosmtp.PlainAuth("", c.s.o.Username, c.s.o.Password, c.s.host, plainText))
		}
	}
	return c.smtp.Auth(gosmtp.LoginAuth(c.s.o.Username, c.s.o.Password, c.s.host, plainText))
}

// deliver hands one message over. The dot that ends it is the point of no return.
func (c *conversation) deliver(to string, message []byte) (string, error) {
	if err := c.within(commandTimeout, func() error { return c.smtp.Mail("<" + c.s.from.Address + ">") }); err != nil {
		return fail(PhaseMail, err)
	}
	if err := c.within(commandTimeout, func() error { return c.smtp.Rcpt("<" + to + ">") }); err != nil {
		return fail(PhaseRcpt, err)
	}
	var content io.WriteCloser
	err := c.within(commandTimeout, func() (err error) { content, err = c.smtp.Data(); return err })
	if err != nil {
		return fail(PhaseData, err)
	}
	if err := c.within(contentTimeout, func() error { _, err := content.Write(message); return err }); err != nil {
		return fail(PhaseContent, err)
	}
	if err := c.within(replyTimeout, content.Close); err != nil {
		answer, ok := errors.AsType[*textproto.Error](err)
		if !ok || answer.Code < 200 || answer.Code > 299 { // any 2yz takes the message, RFC 5321, section 4.2.1
			return fail(PhaseReply, err)
		}
		return line(fmt.Sprintf("%d %s", answer.Code, answer.Msg)), nil
	}
	proof := "250"
	if d, ok := content.(*gosmtp.DataCloser); ok {
		proof = line("250 " + d.ServerResponse())
	}
	// The message is taken; how the goodbye goes changes nothing.
	_ = c.within(min(commandTimeout, 5*time.Second), c.smtp.Quit)
	return proof, nil
}

// within runs one step under its own deadline.
func (c *conversation) within(limit time.Duration, step func() error) error {
	if err := c.smtp.UpdateDeadline(limit); err != nil {
		return err
	}
	return step()
}

// render makes the RFC 5322 message of a notice. Quoted-printable keeps a URL of
// any length exact within lines of 76 characters. Its error says what is wrong
// with the notice, without quoting it.
func (s *Sender) render(n casefile.Notice) ([]byte, error) {
	switch {
	case !email.Plain(n.Contact.Email):
		return nil, errors.New("the recipient is not one plain mail address")
	case n.Subject == "" || strings.ContainsFunc(n.Subject, unicode.IsControl):
		return nil, errors.New("the subject is empty or has control characters")
	case n.Key == "" || strings.Trim(n.Key, "0123456789abcdef") != "":
		return nil, errors.New("the key is not lower-case hex")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP))
	m.FromMailAddress(s.from)
	m.ReplyToMailAddress(s.from)
	if err := m.To(n.Contact.Email); err != nil {
		return nil, errors.New("the recipient is not one plain mail address")
	}
	m.Subject(n.Subject)
	m.SetMessageIDWithValue(n.Key + "@" + s.domain)
	m.SetDateWithValue(time.Now().UTC())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no vacation notes in answer
	m.SetBodyString(gomail.TypeTextPlain, n.Body)
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, errors.New("the message cannot be written")
	}
	return b.Bytes(), nil
}

// maxAnswer is how much of an answer a proof keeps, in bytes. It is more than
// casefile.MaxProof: the outbox takes URLs and hosts out first, and then cuts.
const maxAnswer = 4 * casefile.MaxProof

// line makes one printable line of what a relay said, cut between words to maxAnswer bytes.
func line(s string) string {
	s = words.OneLine(s)
	if len(s) <= maxAnswer {
		return s
	}
	return s[:strings.LastIndexByte(s[:maxAnswer], ' ')+1] // half a word could be half a host
}

// complaint is an error of our own words, fit for a proof.
type complaint string

func (c complaint) Error() string { return string(c) }

const errTalkative = complaint("the relay said too much")

// boundedConn ends a conversation in which the other side says too much: the
// protocol's reader has no bound of its own.
type boundedConn struct {
	net.Conn
	left int64 // bytes; only the reader touches it
}

// Read reads what the bound leaves.
func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTalkative
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}
