package fakenet

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// webServer serves all sites: the Host header says which.
type webServer struct {
	net    *Net
	server *http.Server
	queue  *chanListener
}

type arrivalKey struct{}

func newWebServer(n *Net) *webServer {
	s := &webServer{net: n, queue: newChanListener(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(rdapAddr + ":80")))}
	s.server = &http.Server{
		Handler: s, ErrorLog: silentLog, ReadHeaderTimeout: 10 * time.Minute, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if secure, ok := c.(*tls.Conn); ok {
				c = secure.NetConn()
			}
			if served, ok := c.(*servedConn); ok {
				return context.WithValue(ctx, arrivalKey{}, &served.arrival)
			}
			return ctx
		},
	}
	s.run(s.queue)
	return s
}

// run serves a listener until the net closes.
func (s *webServer) run(l net.Listener) {
	s.net.wg.Add(1)
	go func() {
		defer s.net.wg.Done()
		_ = s.server.Serve(l)
	}()
}

func (s *webServer) accept(c net.Conn) { s.queue.push(c) }

func (s *webServer) close() {
	_ = s.queue.Close()
	_ = s.server.Close()
}

// ServeHTTP answers a request as the site's script says now.
func (s *webServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.net.wg.Add(1)
	defer s.net.wg.Done()
	from, _ := r.Context().Value(arrivalKey{}).(*arrival)
	if from == nil {
		from = &arrival{}
	}
	host := hostOf(r.Host)
	if host == RDAPHost || strings.HasPrefix(r.URL.Path, "/rdap/") && literal(host).IsLoopback() {
		s.net.serveRDAP(w, r, from)
		return
	}
	s.net.mu.RLock()
	known := s.net.sites[host]
	if known == nil {
		known = s.net.under(host)
	}
	s.net.mu.RUnlock()
	if known == nil {
		known = s.net.siteAt(host)
	}
	if known == nil {
		http.Error(w, "no such host here", http.StatusMisdirectedRequest)
		return
	}
	known.serve(s.net, w, r, from)
}

// siteAt is the site of an address literal: the only one that lives there.
func (n *Net) siteAt(host string) *site {
	a := literal(host)
	if !a.IsValid() {
		return nil
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, s := range n.order {
		for _, at := range s.Addresses {
			if at == a {
				return s
			}
		}
	}
	return nil
}

func literal(host string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// hostOf is the name in a Host header, in lower case and without port and trailing dot.
func hostOf(header string) string {
	host := header
	if i := strings.LastIndexByte(header, ':'); i >= 0 && !strings.HasSuffix(header, "]") {
		host = header[:i]
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

func (s *site) serve(n *Net, w http.ResponseWriter, r *http.Request, from *arrival) {
	now := time.Now()
	number := s.note(Seen{Path: r.URL.RequestURI(), Referer: r.Referer(), UserAgent: r.UserAgent(), Vantage: from.vantage, At: now})
	if s.HTTPS && r.TLS == nil && from.at.Port() == 80 {
		w.Header().Set("Location", "https://"+s.Host+r.URL.RequestURI())
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	b := s.at(now.Sub(n.start))
	path := r.URL.Path
	if !b.Everywhere && path != s.path() && !b.has(path) {
		if path == "/" {
			home.write(w, s.Marker)
		} else {
			notFound.write(w, s.Marker)
		}
		return
	}
	answer := b.Answer
	if answer == nil {
		answer = plainPage.Answer
	}
	answer(w, &Request{
		Request: r, Site: s.Site, Vantage: n.Vantage(from.vantage), Number: number, Net: n, Elapsed: now.Sub(n.start), from: from,
	})
}

// path is the reported path without its query.
func (s *site) path() string {
	path, _, _ := strings.Cut(s.Path, "?")
	return path
}

func (b *Behaviour) has(path string) bool {
	for _, e := range b.Extra {
		if path == e || strings.HasSuffix(e, "/") && strings.HasPrefix(path, e) {
			return true
		}
	}
	return false
}

// Rewrite makes a simulated URL reachable the way the request came in: on plain
// sockets it gets the real port, else it stays as it is.
func (r *Request) Rewrite(to string) string {
	if r.from == nil || r.from.plain == nil {
		return to
	}
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Port() != "" {
		return to
	}
	r.Net.mu.RLock()
	s := r.Net.sites[strings.ToLower(u.Hostname())]
	r.Net.mu.RUnlock()
	if s == nil {
		return to
	}
	port := r.from.plain.portOf(s, u.Scheme == "https")
	if port == 0 {
		return to
	}
	u.Host = u.Hostname() + ":" + strconv.Itoa(int(port))
	return u.String()
}

// Redirect answers with a Location; to may be relative.
func (r *Request) Redirect(w http.ResponseWriter, status int, to string) {
	w.Header().Set("Location", r.Rewrite(to))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
}

// Response is a fixed answer. MarkerPlaceholder in the body becomes the marker of the site.
type Response struct {
	status int
	header http.Header
	parts  []string // between them goes the marker
	fixed  int      // bytes of all parts
}

// MarkerPlaceholder stands for the site's marker in the body of a Response.
const MarkerPlaceholder = "{marker}"

// NewResponse precomputes an answer. A nil header means HTML.
func NewResponse(status int, header http.Header, body string) *Response {
	r := &Response{status: status, header: http.Header{}, parts: strings.Split(body, MarkerPlaceholder)}
	for k, v := range header {
		r.header[http.CanonicalHeaderKey(k)] = v
	}
	if r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", "text/html; charset=utf-8")
	}
	r.fixed = len(body) - len(MarkerPlaceholder)*(len(r.parts)-1)
	return r
}

// Write answers with the response.
func (p *Response) Write(w http.ResponseWriter, r *Request) { p.write(w, r.Site.Marker) }

func (p *Response) write(w http.ResponseWriter, marker string) {
	h := w.Header()
	for k, v := range p.header {
		h[k] = v
	}
	h["Content-Length"] = []string{strconv.Itoa(p.fixed + len(marker)*(len(p.parts)-1))}
	w.WriteHeader(p.status)
	for i, part := range p.parts {
		if i > 0 {
			_, _ = io.WriteString(w, marker)
		}
		_, _ = io.WriteString(w, part) // no copy: a page may be large and shared by thousands of sites
	}
}

// Static is a behaviour that always gives one response.
func Static(name string, p *Response) Behaviour {
	return Behaviour{Name: name, Answer: p.Write}
}
