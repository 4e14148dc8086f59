package fetch

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// Bounds of the cookies of one look (RFC 6265, section 6.1, asks for 50 a domain).
const (
	maxCookies      = 50
	maxCookieHeader = 8 << 10 // bytes
)

// Jar holds the cookies of one look: sites that set a cookie and send the visitor
// back are common. It is made anew for each look and not safe for concurrent use.
// The zero Jar is empty and ready.
type Jar struct {
	jar   *cookiejar.Jar
	count int
}

// Header is the value of the Cookie header for t, or "".
func (j *Jar) Header(t casefile.Target) string {
	if j.jar == nil {
		return ""
	}
	var b strings.Builder
	for _, c := range j.jar.Cookies(address(t)) {
		if b.Len()+len(c.Name)+len(c.Value)+3 > maxCookieHeader {
			break
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Name + "=" + c.Value)
	}
	return b.String()
}

// store keeps what an answer sets.
func (j *Jar) store(t casefile.Target, h http.Header) {
	lines := h["Set-Cookie"]
	if len(lines) == 0 || j.count >= maxCookies {
		return
	}
	if j.jar == nil {
		j.jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // it has no error to return
	}
	cookies := (&http.Response{Header: http.Header{"Set-Cookie": lines[:min(len(lines), maxCookies-j.count)]}}).Cookies()
	j.count += len(cookies)
	j.jar.SetCookies(address(t), cookies)
}

// address is t as a jar wants it.
func address(t casefile.Target) *url.URL {
	u := &url.URL{Scheme: "http", Host: t.Host(), Path: t.Path()}
	if t.Secure() {
		u.Scheme = "https"
	}
	u.Path, _, _ = strings.Cut(u.Path, "?")
	if a, ok := t.Address(); ok && a.Is6() {
		u.Host = "[" + u.Host + "]"
	}
	return u
}
