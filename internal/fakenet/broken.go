package fakenet

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"vigil/casefile"
)

// What is silent: below HTTP.

// Refuse refuses connections.
func Refuse() Behaviour {
	return Behaviour{Wire: WireRefuse}.Named("refused", casefile.ReasonRefused)
}

// Blackhole never completes a connection.
func Blackhole() Behaviour {
	return Behaviour{Wire: WireBlackhole}.Named("blackhole", casefile.ReasonTimeout)
}

// Hang accepts connections and never says a word.
func Hang() Behaviour { return Behaviour{Wire: WireHang}.Named("hang", casefile.ReasonTimeout) }

// Reset resets connections at once.
func Reset() Behaviour { return Behaviour{Wire: WireReset}.Named("reset", casefile.ReasonReset) }

// CloseEarly reads the request and closes without a word.
func CloseEarly() Behaviour {
	return Behaviour{Wire: WireClose}.Named("close_early", casefile.ReasonReset)
}

// Banner greets as another protocol does.
func Banner() Behaviour {
	return Behaviour{Wire: WireBanner}.Named("banner", casefile.ReasonProtocolError)
}

// BrokenTLS is a handshake that fails; a kind that only has a bad certificate still serves.
func BrokenTLS(k TLSKind) Behaviour {
	return Behaviour{TLS: k}.Named("tls_"+string(k), casefile.ReasonTLS)
}

// BrokenDNS is a name that the DNS does not answer well.
func BrokenDNS(k DNSKind) Behaviour {
	reason := casefile.ReasonServfail
	switch k {
	case DNSNormal, DNSTruncated:
		reason = casefile.ReasonServed
	case DNSNXDomain:
		reason = casefile.ReasonNXDomain
	case DNSNoData:
		reason = casefile.ReasonNoAddress
	case DNSSilent, DNSWrongID, DNSWrongQuestion, DNSGarbage: // what does not fit the question is no answer to it
		reason = casefile.ReasonTimeout
	case DNSServfail, DNSRefused, DNSCNAMELoop:
	}
	return Behaviour{DNS: &DNS{Kind: k}}.Named("dns_"+string(k), reason)
}

// AddressRefused answers the name with addresses that must never be dialled; 127.0.0.1 and 10.0.0.1 when none are given.
func AddressRefused(addresses ...netip.Addr) Behaviour {
	if len(addresses) == 0 {
		addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.1")}
	}
	return Behaviour{DNS: &DNS{Addresses: addresses}}.Named("address_refused", casefile.ReasonAddressRefused)
}

// Rebinding answers with the site's own address first and with 127.0.0.1 from the second query of a type on, in turn.
func Rebinding(own netip.Addr) Behaviour {
	b := Page("Rebinding", "This name changes its mind.")
	b.DNS = &DNS{TTL: -1, Rotate: [][]netip.Addr{{own}, {netip.MustParseAddr("127.0.0.1")}}}
	return b.Named("rebinding", "")
}

// What is silent: in HTTP.

// ServerError is a bare status of 5xx on every path.
func ServerError(status int) Behaviour {
	return Static("", page(status, strconv.Itoa(status)+" "+http.StatusText(status), "The server could not answer. Please try again later.")).
		Named("http_"+strconv.Itoa(status), casefile.ReasonServerError).AllPaths()
}

// Flaky answers every nth request of the site with a 503, the others as b.
func Flaky(n int64, b Behaviour) Behaviour {
	broken := ServerError(http.StatusServiceUnavailable)
	name, expect := b.Name, b.Expect
	return b.hidden(func(r *Request) bool { return r.Number%n == 0 }, broken.Answer).Named("flaky_"+name, expect)
}

// RedirectLoop redirects the page to itself by way of another path.
func RedirectLoop() Behaviour {
	return Behaviour{Extra: []string{"/loop"}, Answer: func(w http.ResponseWriter, r *Request) {
		to := "/loop"
		if r.URL.Path == to {
			to = r.Site.Path
		}
		r.Redirect(w, http.StatusFound, to)
	}}.Named("redirect_loop", casefile.ReasonRedirectLoop)
}

// RedirectChain redirects hops times and then shows last.
func RedirectChain(hops int, last Behaviour) Behaviour {
	shown := last.Answer
	last.Extra = append(append([]string(nil), last.Extra...), "/hop/")
	last.Answer = func(w http.ResponseWriter, r *Request) {
		at, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/hop/"))
		if at < hops {
			r.Redirect(w, http.StatusFound, "/hop/"+strconv.Itoa(at+1))
			return
		}
		shown(w, r)
	}
	return last
}

// EndlessRedirects never stops redirecting to new paths.
func EndlessRedirects() Behaviour {
	return RedirectChain(1<<30, Page("Never", "Never shown.")).Named("endless_redirects", casefile.ReasonTooManyRedirects)
}

// NoLocation is a 302 without a Location.
func NoLocation() Behaviour {
	return Behaviour{Answer: func(w http.ResponseWriter, _ *Request) { w.WriteHeader(http.StatusFound) }}.Named("no_location", "")
}

// CookieWall sets a cookie, redirects to the same URL and shows b to those who bring it back.
func CookieWall(b Behaviour) Behaviour {
	shown := b.Answer
	b.Answer = func(w http.ResponseWriter, r *Request) {
		if c, err := r.Cookie("seen"); err == nil && c.Value == "1" {
			shown(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
		r.Redirect(w, http.StatusFound, r.URL.RequestURI())
	}
	b.Name = "cookie_" + b.Name
	return b
}

// Slow waits before it answers as b; for the first byte of the response.
func Slow(wait time.Duration, b Behaviour) Behaviour {
	shown := b.Answer
	b.Answer = func(w http.ResponseWriter, r *Request) {
		if r.Net.sleep(r.Context(), wait) {
			shown(w, r)
		}
	}
	b.Name = "slow_" + b.Name
	return b
}

// Raw hands the bare connection to f after the request was read; f must return
// when a read or write fails. The connection is closed then.
func Raw(name string, expect casefile.Reason, f func(c net.Conn, r *Request)) Behaviour {
	return Behaviour{Answer: func(w http.ResponseWriter, r *Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		r.Net.conns.add(c)
		defer r.Net.conns.remove(c)
		defer c.Close()
		f(c, r)
	}}.Named(name, expect)
}

// HangAfterRequest reads the request and never answers.
func HangAfterRequest() Behaviour {
	return Raw("hang_after_request", casefile.ReasonTimeout, func(c net.Conn, _ *Request) { swallow(c) })
}

// ResetInHeaders resets in the middle of the headers.
func ResetInHeaders() Behaviour {
	return Raw("reset_in_headers", casefile.ReasonReset, func(c net.Conn, _ *Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
		settle(c)
		reset(c)
	})
}

// ResetInBody resets in the middle of the body.
func ResetInBody() Behaviour {
	return Raw("reset_in_body", casefile.ReasonReset, func(c net.Conn, r *Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n"+half200(r))
		settle(c)
		reset(c)
	})
}

// TruncatedBody closes before the announced length is reached.
func TruncatedBody() Behaviour {
	return Raw("truncated_body", casefile.ReasonReset, func(c net.Conn, r *Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n"+half200(r))
	})
}

func half200(r *Request) string {
	return "<!doctype html><html><head><title>Half a page</title></head><body><p>" + r.Site.Marker + "</p><p>Half of"
}

// settle lets the client take what was written before a reset throws it away.
func settle(c net.Conn) {
	for {
		switch x := c.(type) {
		case interface{ NetConn() net.Conn }:
			c = x.NetConn()
			continue
		case *servedConn:
			c = x.Conn
			continue
		case *pipeConn:
			x.drained()
			return
		}
		time.Sleep(20 * time.Millisecond)
		return
	}
}

// drained waits until the peer has read all, or is gone.
func (c *pipeConn) drained() {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	for len(c.out.buf) > 0 && !c.out.deaf && !c.out.ended && c.out.broken == nil {
		c.out.changed.Wait()
	}
}

// Drip sends a page byte by byte, one each pause, without end.
func Drip(pause time.Duration) Behaviour {
	return Raw("drip", casefile.ReasonTimeout, func(c net.Conn, r *Request) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><title>Drip</title><p>"+r.Site.Marker)
		for err == nil && r.Net.sleep(context.Background(), pause) {
			_, err = io.WriteString(c, "x")
		}
	})
}

// DripHeaders sends a header line each pause, without end.
func DripHeaders(pause time.Duration) Behaviour {
	return Raw("drip_headers", casefile.ReasonTimeout, func(c net.Conn, r *Request) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for i := 0; err == nil && r.Net.sleep(context.Background(), pause); i++ {
			_, err = fmt.Fprintf(c, "X-%d: y\r\n", i)
		}
	})
}

// EndlessBody sends a page without end, as fast as it is read.
func EndlessBody() Behaviour {
	return Raw("endless_body", casefile.ReasonServed, func(c net.Conn, r *Request) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><title>Endless</title><p>"+r.Site.Marker+"</p>")
		chunk := []byte(strings.Repeat("<p>"+sentence(5, 80)+"</p>\n", 50))
		for err == nil {
			_, err = c.Write(chunk)
		}
	})
}

// EndlessHeaders sends header lines without end, as fast as they are read.
func EndlessHeaders() Behaviour {
	return Raw("endless_headers", casefile.ReasonProtocolError, func(c net.Conn, _ *Request) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		line := []byte(strings.Repeat("X-Filler: "+strings.Repeat("y", 180)+"\r\n", 20))
		for err == nil {
			_, err = c.Write(line)
		}
	})
}

// bomb is 512 gzip members (RFC 1952, section 2.2) of 1 MiB of zeros each.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	must(err, "make a bomb")
	_, err = z.Write(make([]byte, 1<<20))
	must(err, "make a bomb")
	must(z.Close(), "make a bomb")
	return bytes.Repeat(b.Bytes(), 512)
})

// GzipBomb is half a megabyte that unpacks to 512 MiB.
func GzipBomb() Behaviour {
	return Behaviour{Answer: func(w http.ResponseWriter, _ *Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html")
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(bomb())))
		_, _ = w.Write(bomb())
	}}.Named("gzip_bomb", casefile.ReasonServed)
}

// Gzipped sends the response compressed, asked or not.
func Gzipped(p *Response) Behaviour {
	return Behaviour{Answer: func(w http.ResponseWriter, r *Request) {
		h := w.Header()
		for k, v := range p.header {
			h[k] = v
		}
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(p.status)
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, strings.Join(p.parts, r.Site.Marker))
		_ = z.Close()
	}}.Named("gzipped", casefile.ReasonServed)
}

// BadGzip announces gzip and sends something else.
func BadGzip() Behaviour {
	h := http.Header{"Content-Encoding": {"gzip"}}
	return Static("", NewResponse(http.StatusOK, h, text("Plain", "This is not compressed."))).
		Named("bad_gzip", casefile.ReasonProtocolError)
}

// HTTP09 answers without status line and headers.
func HTTP09() Behaviour {
	return Raw("http09", casefile.ReasonProtocolError, func(c net.Conn, r *Request) {
		_, _ = io.WriteString(c, "<html><body><p>An answer from 1991. "+r.Site.Marker+"</p></body></html>\r\n")
	})
}

// Garbage answers with bytes that are no HTTP.
func Garbage() Behaviour {
	return Raw("garbage", casefile.ReasonProtocolError, func(c net.Conn, _ *Request) {
		_, _ = c.Write([]byte("\x00\x01\x02\xff\xfe garbage \x00\r\n\r\n"))
	})
}

// BadStatusLine answers with a status that is no number.
func BadStatusLine() Behaviour {
	return Raw("bad_status_line", casefile.ReasonProtocolError, func(c net.Conn, _ *Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 abc Whatever\r\nContent-Length: 0\r\n\r\n")
	})
}

// BadHeader answers with a header line without a colon.
func BadHeader() Behaviour {
	return Raw("bad_header", casefile.ReasonProtocolError, func(c net.Conn, _ *Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n")
	})
}
