package fakenet

import (
	"crypto/tls"
	"errors"
	"io"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"vigil/internal/fakenet/testrun"
)

// send hands a mail to the sink and returns what went wrong.
func send(t *testing.T, n *Net, dial Dial, starttls bool, to ...string) error {
	t.Helper()
	c := connect(t, dial, n.SMTP())
	_ = c.SetDeadline(time.Now().Add(testrun.Patience))
	s, err := smtp.NewClient(c, MailHost)
	if err != nil {
		return err
	}
	defer s.Close()
	if starttls {
		if err := s.StartTLS(&tls.Config{ServerName: MailHost, RootCAs: n.Roots(), MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if err := s.Mail("vigil@hotline.test"); err != nil {
		return err
	}
	for _, x := range to {
		if err := s.Rcpt(x); err != nil {
			return err
		}
	}
	w, err := s.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "Message-ID: <key-1@hotline.test>\r\nSubject: A notice\r\n\r\nPlease have a look.\r\n"); err != nil {
		return err
	}
	return w.Close()
}

func code(err error) int {
	var p *textproto.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return 0
}

func TestSinkKeepsMails(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			n := newNet(t, Options{})
			dial := w.dial(t, n, "")
			if err := send(t, n, dial, false, "abuse@lowland.test", "second@lowland.test"); err != nil {
				t.Fatal(err)
			}
			n.MailTLS(true)
			if err := send(t, n, dial, true, "abuse@lowland.test"); err != nil {
				t.Fatal(err)
			}
			got := n.Mails()
			if len(got) != 2 {
				t.Fatalf("%d mails, want 2", len(got))
			}
			m := got[0]
			if m.From != "vigil@hotline.test" || strings.Join(m.To, ",") != "abuse@lowland.test,second@lowland.test" || m.MessageID != "key-1@hotline.test" ||
				m.Subject != "A notice" || !strings.Contains(m.Body, "Please have a look.") || m.At.IsZero() || m.TLS || !got[1].TLS {
				t.Errorf("mail %+v", m)
			}
		})
	}
}

func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	for rule, want := range map[MailRule]int{MailUnknown: 550, MailFull: 552, MailDefer: 451, MailRejectData: 554} {
		n.MailRule("some@lowland.test", rule)
		if err := send(t, n, n.Dialer(""), false, "some@lowland.test"); code(err) != want {
			t.Errorf("%s: %v, want %d", rule, err, want)
		}
	}
	for rule, kept := range map[MailRule]int{MailDropBeforeData: 0, MailDropAfterData: 1} {
		n.MailRule("some@lowland.test", rule)
		if err := send(t, n, n.Dialer(""), false, "some@lowland.test"); err == nil || code(err) != 0 {
			t.Errorf("%s: %v, want a broken line", rule, err)
		}
		deadline := time.Now().Add(testrun.Patience)
		for len(n.Mails()) < kept && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		if rule == MailDropAfterData && len(n.Mails()) != 1 {
			t.Errorf("%s: %d mails kept, want 1", rule, len(n.Mails()))
		}
	}
	n.MailRule("some@lowland.test", MailAccept)
	n.MailRule("*", MailNoGreeting)
	if err := send(t, n, n.Dialer(""), false, "some@lowland.test"); code(err) != 554 {
		t.Errorf("greeting: %v", err)
	}
	n.MailRule("*", MailBadTLS)
	if err := send(t, n, n.Dialer(""), true, "some@lowland.test"); err == nil {
		t.Error("a broken STARTTLS went well")
	}
	n.MailRule("*", MailHang)
	n.MailRule("slow@lowland.test", MailHang)
	c := connect(t, n.Dialer(""), n.SMTP())
	_ = c.SetDeadline(time.Now().Add(50 * time.Millisecond))
	s, err := smtp.NewClient(c, MailHost)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Mail("vigil@hotline.test"); err != nil {
		t.Fatal(err)
	}
	if err := s.Rcpt("slow@lowland.test"); err == nil || code(err) != 0 {
		t.Errorf("hang: %v, want a timeout", err)
	}
}
