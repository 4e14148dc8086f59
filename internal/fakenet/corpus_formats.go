package fakenet

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// liveFormats are live answers that are hard for their form: bytes, codings, ways, transports.
func liveFormats() []kind {
	live := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateLive, reasons: seenLive, members: members}
	}
	return []kind{
		live("files", HalfHold, files()...),
		live("data", HalfTune, data()...),
		live("codings", HalfHold, codings()...),
		live("transports", HalfTune, transports()...),
		live("ways", HalfHold, ways302()...),
		live("listings", HalfTune, listings()...),
		live("other_tongues", HalfHold, livingTongues()...),
	}
}

// noise is bytes that look random, the same for the same seed.
func noise(seed, size int) string {
	x := uint64(seed)*0x9e3779b97f4a7c15 + 99
	b := make([]byte, size)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 24)
	}
	return string(b)
}

// file is an answer of a media type with a beginning that fits it.
func file(mediaType, magic string, seed, size int) reply {
	return reply{status: http.StatusOK, body: magic + noise(seed, size)}.with("Content-Type", mediaType)
}

const (
	jpegMagic = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
	pngMagic  = "\x89PNG\r\n\x1a\n"
	gifMagic  = "GIF89a"
	zipMagic  = "PK\x03\x04\x14\x00"
	pdfMagic  = "%PDF-1.7\n"
	mp4Magic  = "\x00\x00\x00\x20ftypisom"
)

func files() []Specimen {
	jpeg := func(seed, size int) Behaviour { return placed(file("image/jpeg", jpegMagic, seed, size)) }
	return []Specimen{
		still("picture", jpeg(1, 48_000)).at("/i/ferry.jpg"),
		revised("picture_encoded_anew", jpeg(2, 48_000), jpeg(3, 48_310)).at("/i/ferry.jpg"),
		revised("video_encoded_anew", placed(file("video/mp4", mp4Magic, 4, 200_000)), placed(file("video/mp4", mp4Magic, 5, 201_100))).at("/v/choir.mp4"),
		still("document", placed(file("application/pdf", pdfMagic, 6, 30_000))).at("/plan.pdf"),
		revised("document_made_anew", placed(file("application/pdf", pdfMagic, 7, 30_000)), placed(file("application/pdf", pdfMagic, 8, 30_020))).at("/plan.pdf"),
		still("archive", placed(file("application/zip", zipMagic, 9, 90_000))).at("/get/album.zip"),
		still("video", placed(file("video/mp4", mp4Magic, 10, 300_000))).at("/v/choir.mp4"),
		still("file_without_a_type", placed(reply{status: http.StatusOK, body: zipMagic + noise(11, 9000)}.with("Content-Type", "application/octet-stream"))).at("/get?id=77"),
		still("picture_where_missing_ones_are_a_placeholder", pages(fixed(file("image/jpeg", jpegMagic, 12, 60_000)), fixed(file("image/png", pngMagic, 13, 503)))).at("/i/quay.jpg"),
		still("video_cut_at_our_limit", placed(file("video/mp4", mp4Magic, 14, 3<<20))).at("/v/long.mp4"),
	}
}

func data() []Specimen {
	as := func(mediaType string, body func(n int) string) Behaviour {
		return pages(func(r *Request) reply {
			return reply{status: http.StatusOK, body: body(int(r.Number))}.with("Content-Type", mediaType)
		}, fixed(reply{status: http.StatusNotFound, body: `{"error":"not found"}`}.with("Content-Type", "application/json")))
	}
	text := strings.Join(prose(5, 12), "\n")
	return []Specimen{
		still("json", as("application/json", func(int) string { return `{"title":"album","pictures":["a.jpg","b.jpg","c.jpg"]}` })).at("/api/album/7"),
		still("json_with_a_time", as("application/json", func(n int) string {
			return fmt.Sprintf(`{"title":"album","pictures":["a.jpg","b.jpg","c.jpg"],"served":"2026-11-%02dT10:00:00Z","id":%d}`, n, 7000+n)
		})).at("/api/album/7"),
		still("plain_text", as("text/plain; charset=utf-8", func(int) string { return text })).at("/notes.txt"),
		still("plain_text_that_grows", as("text/plain; charset=utf-8", func(n int) string { return text + strings.Repeat("\none line more", n) })).at("/log.txt"),
		still("feed", as("application/rss+xml", func(n int) string {
			return fmt.Sprintf("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Notes</title><lastBuildDate>%d</lastBuildDate><item><title>%s</title></item></channel></rss>", n, text)
		})).at("/feed.xml"),
		still("playlist", as("application/vnd.apple.mpegurl", func(int) string { return "#EXTM3U\n#EXTINF:9.0,\nseg-1.ts\n#EXTINF:9.0,\nseg-2.ts\n#EXT-X-ENDLIST\n" })).at("/v/list.m3u8"),
	}
}

// coded sends a page in a coding that nobody asked for. The site's marker is put in before
// packing: put into a packed stream it would break the lengths that stand there.
func coded(name, coding string, pack func([]byte) []byte) Specimen {
	title, main := tale(29, 14)
	page := blog.page(title, main)
	return still(name, pages(func(r *Request) reply {
		body := pack([]byte(strings.ReplaceAll(page, MarkerPlaceholder, r.Site.Marker)))
		return reply{status: http.StatusOK, body: string(body)}.with("Content-Encoding", coding)
	}, fixed(bare404)))
}

// storedBrotli is b as uncompressed meta-blocks (RFC 7932, section 9.2), at most 64 KiB.
func storedBrotli(b []byte) []byte {
	head := uint32(len(b)-1)<<4 | 1<<20 // WBITS 16, not last, four nibbles, uncompressed
	return append(append([]byte{byte(head), byte(head >> 8), byte(head >> 16)}, b...), 3)
}

// storedZstd is b as one raw block (RFC 8878, section 3.1.1), at most 64 KiB.
func storedZstd(b []byte) []byte {
	out := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58}
	block := binary.LittleEndian.AppendUint32(nil, uint32(len(b))<<3|1)
	return append(append(out, block[:3]...), b...)
}

func codings() []Specimen {
	title, main := tale(30, 14)
	page := blog.page(title, main)
	in := func(name, contentType, body string) Specimen {
		return still(name, placed(reply{status: http.StatusOK, body: body}.with("Content-Type", contentType)))
	}
	latin := "<html><head><title>Caf\xe9 an der Br\xfccke</title></head><body><h1>Caf\xe9 an der Br\xfccke</h1>" + paragraphs(prose(13, 9)) + "</body></html>"
	chunked := Behaviour{Name: "chunked", Everywhere: true, Answer: func(w http.ResponseWriter, r *Request) {
		if r.URL.Path != pathOf(r.Site) {
			bare404.write(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		for i := 0; i < len(page); i += 400 {
			_, _ = io.WriteString(w, page[i:min(i+400, len(page))])
			_ = http.NewResponseController(w).Flush()
		}
	}}
	return []Specimen{
		coded("gzip", "gzip", func(b []byte) []byte {
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			_, _ = z.Write(b)
			_ = z.Close()
			return out.Bytes()
		}),
		coded("deflate_unasked", "deflate", func(b []byte) []byte {
			var out bytes.Buffer
			z := zlib.NewWriter(&out)
			_, _ = z.Write(b)
			_ = z.Close()
			return out.Bytes()
		}),
		coded("brotli_unasked", "br", storedBrotli),
		coded("zstd_unasked", "zstd", storedZstd),
		coded("identity", "identity", func(b []byte) []byte { return b }),
		still("chunks", chunked),
		in("latin_letters_unstated", "text/html", latin),
		in("latin_letters_called_utf8", "text/html; charset=utf-8", latin),
		in("page_without_a_type", "", page),
		in("page_called_plain_text", "text/plain", page),
		in("page_longer_than_we_read", "text/html", news.page(title, main+strings.Repeat(paragraphs(prose(23, 60)), 500))),
		in("page_never_closed", "text/html", "<html><title>Old page</title><body><h1>Old page<p>"+strings.Join(prose(24, 12), "<p>")),
	}
}

// written is a page that is written to the bare connection, which is closed then.
func written(name string, write func(c net.Conn, r *Request, page string)) Behaviour {
	title, main := tale(32, 12)
	page := news.page(title, main)
	raw := Raw(name, casefile.ReasonServed, func(c net.Conn, r *Request) { write(c, r, page) })
	answer := raw.Answer
	raw.Everywhere = true
	raw.Answer = func(w http.ResponseWriter, r *Request) {
		if r.URL.Path != pathOf(r.Site) {
			bare404.write(w, r)
			return
		}
		answer(w, r)
	}
	return raw
}

func transports() []Specimen {
	over := func(name string, k TLSKind) Specimen { return still(name, content(blog, 31).Over(k)).secure() }
	return []Specimen{
		over("certificate_expired", TLSExpired),
		over("certificate_of_its_own", TLSSelfSigned),
		over("certificate_of_another_name", TLSWrongName),
		over("certificate_of_an_unknown_authority", TLSUnknownCA),
		still("http_1_0", written("http_1_0", func(c net.Conn, _ *Request, page string) {
			_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"+page)
		})),
		still("end_by_close", written("end_by_close", func(c net.Conn, _ *Request, page string) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+page)
		})),
		still("slow_to_answer", Slow(700*time.Millisecond, content(news, 33))),
		still("slow_but_complete", written("slow_but_complete", func(c net.Conn, r *Request, page string) {
			_, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n", len(page))
			for i := 0; i < len(page) && err == nil && r.Net.sleep(r.Context(), 50*time.Millisecond); i += 200 {
				_, err = io.WriteString(c, page[i:min(i+200, len(page))])
			}
		})),
		still("name_truncated_on_udp", content(forum, 34).On(DNS{Kind: DNSTruncated})),
		still("long_chain_of_names", content(forum, 35).On(DNS{CNAMEs: []string{"edge.long-chain.example", "pool.long-chain.example"}, CutChain: true})),
	}
}

// referred is a page that only those see who come from the place that the report recorded.
func referred(name, from string) Specimen {
	s := still(name, content(gallery, 47).hidden(func(r *Request) bool { return r.Referer() != from }, bare404.write))
	s.Referrer = from
	return s
}

// ways302 lead to the matter over redirects.
func ways302() []Specimen {
	title, main := tale(37, 14)
	page := says(http.StatusOK, blog.page(title, main))
	// over sends the reported path on to another one, where the matter is.
	over := func(name, from, to string, status int) Specimen {
		return still(name, server(func(r *Request) reply {
			switch r.URL.RequestURI() {
			case from:
				return sends(status, to)
			case to:
				return page
			}
			return bare404
		})).at(from)
	}
	elsewhere := func(name, label string) Specimen {
		s := still(name, Behaviour{})
		other := label + "." + s.Host()
		s.Before = server(func(r *Request) reply { return sends(http.StatusMovedPermanently, "http://"+other+r.URL.Path) })
		s.Now = s.Before
		return s.at("/stories/7.html").besides(Site{Host: other, Path: "/stories/7.html", Acts: Always(placed(page))})
	}
	return []Specimen{
		referred("shown_with_the_recorded_referrer", "http://links.example/list"),
		elsewhere("to_www", "www"),
		elsewhere("to_another_server_of_the_site", "img3"),
		over("slash_added", "/albums/7", "/albums/7/", http.StatusMovedPermanently),
		over("locale_added", "/albums/7", "/en/albums/7", http.StatusFound),
		over("query_put_in_order", "/view.php?b=2&a=1", "/view.php?a=1&b=2", http.StatusFound),
		over("name_added_to_the_number", "/p/77", "/p/77-a-day-at-the-quay", http.StatusMovedPermanently),
		over("short_link_of_the_site", "/s/x7Gq", "/stories/2026/ferry.html", http.StatusSeeOther),
		still("http_sent_to_https", content(news, 38)).secure(),
		still("cookie_set_and_back", CookieWall(content(blog, 39))),
		still("several_hops", server(func(r *Request) reply {
			at, hop := strings.CutPrefix(r.URL.Path, "/hop/")
			switch {
			case r.URL.Path == pathOf(r.Site):
				return sends(http.StatusFound, "/hop/1")
			case hop && at == "6":
				return page
			case hop && len(at) == 1 && at < "6":
				return sends(http.StatusFound, "/hop/"+string(at[0]+1))
			}
			return bare404
		})),
	}
}

func listings() []Specimen {
	index := func(title string, rows int) string {
		var b strings.Builder
		for i := range rows {
			fmt.Fprintf(&b, "<a href=\"pic-%03d.jpg\">pic-%03d.jpg</a>   2026-05-%02d 10:%02d   %dK\n", i, i, 1+i%28, i%60, 100+i)
		}
		return "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1><hr><pre><a href=\"../\">../</a>\n" + b.String() + "</pre><hr></body></html>"
	}
	folder := func(rows int) Behaviour { return placed(says(http.StatusOK, index("Index of /albums/summer/", rows))) }
	return []Specimen{
		still("folder", folder(30)).at("/albums/summer/"),
		still("folder_of_two_files", folder(2)).at("/albums/summer/"),
		revised("folder_with_a_file_more", folder(30), folder(31)).at("/albums/summer/"),
		still("page_of_links", varying(func(int) string { return plain.page("Links", "<h1>Links</h1>"+menu("l", prose(8, 24)...)) })),
		still("results_of_a_search", varying(func(n int) string {
			return shop.page("Results for kettle", "<h1>Results for kettle</h1><p>"+strconv.Itoa(40+n)+" found</p>"+menu("hits", prose(30, 12)...))
		})).at("/search?q=kettle"),
	}
}
