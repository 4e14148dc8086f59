package corpus

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"vigil/internal/fakenet"
)

// answer is what a section says: a status, headers, a body, and how they are sent.
type answer struct {
	status int // 0 when the body is the bytes of a bare connection
	header []headerLine
	body   text
	when   func(r *fakenet.Request) bool // nil for always

	piece   int // bytes; 0 for all at once
	pause   time.Duration
	charset encoding.Encoding
	hang    bool
}

type headerLine struct {
	key   string
	value text
}

// text is words with or without actions of a template.
type text struct {
	plain    string
	template *template.Template
}

// visitor is what the actions in a text know about the request.
type visitor struct {
	Path   string // as /stories/7.html
	URI    string // with the query
	Host   string
	Number int // counts the requests of the site from 1
}

func (t text) render(r *fakenet.Request) (string, error) {
	if t.template == nil {
		return t.plain, nil
	}
	var b strings.Builder
	err := t.template.Execute(&b, visitor{Path: r.URL.Path, URI: r.URL.RequestURI(), Host: r.Host, Number: int(r.Number)})
	return b.String(), err
}

var templateFault = regexp.MustCompile(`^template: [^:]*:(\d+)(?::\d+)?: (?:executing "[^"]*" at )?(.*)$`)

// text reads words that begin at a line of the file, and tries their actions once.
func (f *file) text(words string, line int) text {
	if !strings.Contains(words, "{{") {
		return text{plain: words}
	}
	t, err := template.New("specimen").Funcs(functions).Parse(words)
	if err == nil {
		err = t.Execute(io.Discard, visitor{Path: "/a/path.html", URI: "/a/path.html?q", Host: "host.example", Number: 1})
	}
	if err != nil {
		what := err.Error()
		if m := templateFault.FindStringSubmatch(what); m != nil {
			at, _ := strconv.Atoi(m[1])
			line, what = line+at-1, m[2]
		}
		f.wrong(line, "%s: write an action that README.md lists, as {{.Path}} or {{paragraphs 7 12}}; {{\"{{\"}} for two braces", what)
	}
	return text{template: t}
}

// answer reads a section: a status, lines of headers, an empty line and the body.
func (f *file) answer(sec section) *answer {
	a := &answer{}
	rest, line := sec.text, sec.line
	next := func() string {
		l, after, _ := strings.Cut(rest, "\n")
		rest, line = after, line+1
		return strings.TrimSpace(l)
	}
	first := next()
	code, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(first, "HTTP/1.1 "), "HTTP/1.0 "), " ")
	if status, err := strconv.Atoi(code); err == nil && status >= 200 && status <= 999 {
		a.status = status
	} else if first != "raw" {
		f.wrong(sec.line, "%q is no status: begin the answer with a status, as 200 or 404 Not Found, or with raw", first)
	}
	for rest != "" {
		l := next()
		if l == "" {
			break
		}
		how := strings.HasPrefix(l, ":")
		key, value, found := strings.Cut(strings.TrimPrefix(l, ":"), ":")
		if !found {
			f.wrong(line-1, "%q is no header: write Key: value, and an empty line before the body", l)
			continue
		}
		v := setting{strings.TrimSpace(key), strings.TrimSpace(value), line - 1}
		switch {
		case how:
			f.how(a, v)
		case a.status == 0:
			f.wrong(line-1, "a raw answer has no headers here: write them below the empty line")
		default:
			a.header = append(a.header, headerLine{http.CanonicalHeaderKey(v.key), f.text(v.value, v.line)})
			if strings.EqualFold(v.key, "Content-Encoding") {
				if _, err := pack(v.value, "x"); err != nil {
					f.wrong(v.line, "%v: write gzip, deflate, br, zstd or identity", err)
				}
			}
		}
	}
	body := strings.TrimSuffix(rest, "\n") // the line end that every file has
	if a.status == 0 {
		body = strings.ReplaceAll(body, `\r`+"\n", "\r\n")
	}
	a.body = f.text(body, line)
	return a
}

// how reads a line ":key: value", which says how the answer is sent.
func (f *file) how(a *answer, v setting) {
	switch v.key {
	case "when":
		a.when = f.when(v)
	case "pause":
		a.pause = f.duration(v)
	case "piece":
		n, err := strconv.Atoi(v.value)
		if err != nil || n < 1 {
			f.wrong(v.line, "piece %q: write a number of bytes", v.value)
		}
		a.piece = n
	case "charset":
		e, err := htmlindex.Get(v.value)
		if err != nil {
			f.wrong(v.line, "no charset %q: write a name that browsers know, as windows-1251 or euc-jp", v.value)
		}
		a.charset = e
	case "then":
		a.hang = oneOf(f, v, "close", "hang") == "hang"
	default:
		f.wrong(v.line, "no setting :%s: write when, piece, pause, charset or then", v.key)
	}
}

// when reads a condition on the request.
func (f *file) when(v setting) func(r *fakenet.Request) bool {
	words := strings.Fields(v.value)
	not := len(words) > 0 && words[0] == "no"
	if not {
		words = words[1:]
	}
	words = append(words, "", "")
	var holds func(r *fakenet.Request) bool
	switch kind, value := words[0], words[1]; {
	case kind == "cookie" && value != "":
		holds = func(r *fakenet.Request) bool { _, err := r.Cookie(value); return err == nil }
	case kind == "referrer" && value == "":
		holds = func(r *fakenet.Request) bool { return r.Referer() != "" }
	case kind == "referrer":
		holds = func(r *fakenet.Request) bool { return r.Referer() == value }
	case kind == "language" && value != "":
		holds = func(r *fakenet.Request) bool { return strings.HasPrefix(r.Header.Get("Accept-Language"), value) }
	case kind == "other" && value == "host":
		holds = func(r *fakenet.Request) bool { return r.Host != r.Site.Host }
	default:
		f.wrong(v.line, "no condition %q: write cookie NAME, referrer, referrer URL, language CODE or other host, perhaps with no before it", v.value)
	}
	return func(r *fakenet.Request) bool { return holds(r) != not }
}

// write answers a request.
func (a *answer) write(w http.ResponseWriter, r *fakenet.Request) {
	body, err := a.prepare(r)
	if err != nil { // it went well when the file was read: a number that only this request has
		http.Error(w, "corpus: "+err.Error(), http.StatusNotImplemented)
		return
	}
	if a.status == 0 {
		a.raw(w, r, body)
		return
	}
	h := w.Header()
	for _, line := range a.header {
		value, err := line.value.render(r)
		if err == nil {
			h[line.key] = append(h[line.key], value)
		}
	}
	switch {
	case h.Get("Location") != "":
		r.Redirect(w, a.status, h.Get("Location"))
	case h.Get("Content-Type") == "none":
		h["Content-Type"] = nil
		w.WriteHeader(a.status)
	default:
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "text/html; charset=utf-8")
		}
		if a.piece == 0 {
			h.Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(a.status)
	}
	a.send(w, body, func() { _ = http.NewResponseController(w).Flush() })
}

// prepare makes the body for a request: its actions done, in its charset, packed as its headers say.
func (a *answer) prepare(r *fakenet.Request) (string, error) {
	body, err := a.body.render(r)
	if err != nil {
		return "", err
	}
	if a.status != 0 { // a raw body may state its own length
		body = strings.ReplaceAll(body, fakenet.MarkerPlaceholder, r.Site.Marker)
	}
	if a.charset != nil {
		if body, err = a.charset.NewEncoder().String(body); err != nil {
			return "", err
		}
	}
	for _, line := range a.header {
		if line.key == "Content-Encoding" {
			return pack(line.value.plain, body)
		}
	}
	return body, nil
}

// raw writes the body to the bare connection.
func (a *answer) raw(w http.ResponseWriter, r *fakenet.Request, body string) {
	fakenet.Raw("", "", func(c net.Conn, _ *fakenet.Request) {
		a.send(c, body, func() {})
		if a.hang {
			_, _ = io.Copy(io.Discard, c)
		}
	}).Answer(w, r)
}

// send writes the body, in pieces when the answer says so.
func (a *answer) send(w io.Writer, body string, flush func()) {
	if a.piece == 0 {
		_, _ = w.Write([]byte(body)) // at once: a server that does not know the length sends it as one chunk
		return
	}
	for i := 0; i < len(body); i += a.piece {
		if i > 0 {
			time.Sleep(a.pause)
		}
		if _, err := io.WriteString(w, body[i:min(i+a.piece, len(body))]); err != nil {
			return
		}
		flush()
	}
}

// pack codes a body as a Content-Encoding says.
func pack(coding, body string) (string, error) {
	var out bytes.Buffer
	var z io.WriteCloser
	switch coding {
	case "gzip":
		z = gzip.NewWriter(&out)
	case "deflate":
		z = zlib.NewWriter(&out)
	case "br": // uncompressed meta-blocks (RFC 7932, section 9.2)
		if len(body) == 0 || len(body) > 1<<16 {
			return "", errors.New("br packs 1 byte to 64 KiB")
		}
		head := uint32(len(body)-1)<<4 | 1<<20 // WBITS 16, not last, four nibbles, uncompressed
		return string([]byte{byte(head), byte(head >> 8), byte(head >> 16)}) + body + "\x03", nil
	case "zstd": // one raw block (RFC 8878, section 3.1.1)
		block := binary.LittleEndian.AppendUint32(nil, uint32(len(body))<<3|1)
		return "\x28\xb5\x2f\xfd\x00\x58" + string(block[:3]) + body, nil
	case "identity":
		return body, nil
	default:
		return "", fmt.Errorf("nothing packs %q", coding)
	}
	_, err := io.WriteString(z, body)
	err = errors.Join(err, z.Close())
	return out.String(), err
}

// route is an answer at a place.
type route struct {
	where  string
	answer *answer
	rank   int // the lower first
}

// server answers the requests of one host.
type server struct {
	routes []route // the first that fits answers
	named  []string
}

// newServer puts the routes in order: with a condition before without, a path before what is missing before every path.
func newServer(routes []route) *server {
	s := &server{routes: append(slices.Clone(routes), route{where: "front", answer: front}, route{where: "every", answer: missing})}
	rank := func(r route) int {
		if r.answer == front || r.answer == missing {
			return 20 // the last resort
		}
		n := slices.Index([]string{"", "page", "front", "*", "missing", "every"}, r.where)
		if strings.HasSuffix(r.where, "*") {
			n = 3
		}
		if strings.HasPrefix(r.where, "/") {
			n = max(n, 0)
			s.named = append(s.named, r.where)
		}
		if r.answer.when == nil {
			n += 10
		}
		return n
	}
	for i, r := range s.routes {
		s.routes[i].rank = rank(r)
	}
	slices.SortStableFunc(s.routes, func(a, b route) int { return a.rank - b.rank })
	return s
}

func (s *server) serve(w http.ResponseWriter, r *fakenet.Request) {
	for _, route := range s.routes {
		if s.at(route.where, r) && (route.answer.when == nil || route.answer.when(r)) {
			route.answer.write(w, r)
			return
		}
	}
}

// at says whether a request is for a place. What is missing is what no section names.
func (s *server) at(where string, r *fakenet.Request) bool {
	page, _, _ := strings.Cut(r.Site.Path, "?")
	switch where {
	case "page":
		return r.URL.Path == page
	case "front":
		return r.URL.Path == "/"
	case "every":
		return true
	case "missing":
		return r.URL.Path != page && r.URL.Path != "/" && !slices.ContainsFunc(s.named, func(path string) bool { return s.at(path, r) })
	}
	if prefix, found := strings.CutSuffix(where, "*"); found {
		return strings.HasPrefix(r.URL.Path, prefix)
	}
	return where == r.URL.Path || where == r.URL.RequestURI()
}
