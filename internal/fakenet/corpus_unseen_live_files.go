package fakenet

import (
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// untyped is an answer without any Content-Type.
func untyped(body string) Behaviour {
	return Behaviour{Name: "untyped", Everywhere: true, Answer: func(w http.ResponseWriter, r *Request) {
		if r.URL.Path != pathOf(r.Site) {
			noSuchFile.write(w, r)
			return
		}
		w.Header()["Content-Type"] = nil
		_, _ = w.Write([]byte(strings.ReplaceAll(body, MarkerPlaceholder, r.Site.Marker)))
	}}
}

func unseenFiles() []Specimen {
	typed := func(mediaType, body string) reply {
		return reply{status: http.StatusOK, body: body}.with("Content-Type", mediaType)
	}
	at := func(name, path string, b Behaviour) Specimen { return still(name, b).at(path) }
	front := ok(bare("Files", "<h1>Files</h1>"))
	listing := func(title, rows string) string { return bare(title, "<h1>"+title+"</h1>"+rows) }
	title, main := tale(61, 9)
	sameForAll := typed("image/png", pngMagic+noise(81, 900))
	return []Specimen{
		at("picture_without_a_type", "/x/1", untyped(jpegMagic+noise(80, 30_000))),
		at("page_without_any_type", "/x/2", untyped(press(title, main))),
		at("picture_called_html", "/x/3.jpg", hosted(typed("text/html", jpegMagic+noise(82, 30_000)), front, noSuchFile)),
		at("page_called_octets", "/x/4", hosted(typed("application/octet-stream", press(title, main)), front, noSuchFile)),
		at("page_called_nonsense", "/x/5", hosted(typed("foo", press(title, main)), front, noSuchFile)),
		at("picture_on_a_server_that_shows_its_front_for_all", "/up/7.jpg", hosted(file("image/jpeg", jpegMagic, 83, 41_000), ok(press("Up", "<h1>Up</h1>")), ok(press("Up", "<h1>Up</h1>")))),
		at("small_picture_beside_a_placeholder_of_its_kind", "/up/8.png", hosted(typed("image/png", pngMagic+noise(84, 950)), front, sameForAll)),
		at("picture_with_the_page_of_missing_ones_as_picture", "/up/9.webp", hosted(typed("image/webp", "RIFF\x24\x9c\x00\x00WEBPVP8 "+noise(85, 40_000)), front, sameForAll)),
		at("vector_picture", "/up/10.svg", hosted(typed("image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/><text>404</text></svg>`), front, noSuchFile)),
		at("clip_in_parts", "/up/11.webm", hosted(typed("video/webm", "\x1a\x45\xdf\xa3"+noise(86, 150_000)).with("Accept-Ranges", "bytes"), front, noSuchFile)),
		at("download_with_a_name", "/dl?id=8", hosted(typed("application/x-rar-compressed", "Rar!\x1a\x07\x01\x00"+noise(87, 70_000)).with("Content-Disposition", `attachment; filename="choir.rar"`), front, ok(bare("Error", "Wrong id")))),
		at("text_of_three_words", "/notes/1.txt", hosted(typed("text/plain", "see you there"), front, noSuchFile)),
		at("text_that_says_not_found", "/notes/2.txt", hosted(typed("text/plain", "not found: kettle\nnot found: pan\nfound: ladle\n"), front, noSuchFile)),
		at("json_with_a_field_error_null", "/api/7", hosted(typed("application/json", `{"error":null,"status":"ok","deleted":false,"items":[{"id":7,"url":"http://cdn.test/7.jpg"}]}`), front, says(404, `{"error":"not_found"}`).with("Content-Type", "application/json"))),
		at("map_of_a_site", "/sitemap.xml", hosted(typed("application/xml", `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://a.test/1</loc></url><url><loc>http://a.test/2</loc></url></urlset>`), front, noSuchFile)),
		at("listing_of_a_scripting_server", "/pics/", hosted(ok(listing("Directory listing for /pics/", `<hr><ul><li><a href="1.jpg">1.jpg</a></li><li><a href="2.jpg">2.jpg</a></li></ul><hr>`)), front, noSuchFile)),
		at("listing_of_a_desktop_server", "/pics/a/", hosted(ok(bare("host - /pics/a/", `<H1>host - /pics/a/</H1><hr><pre><A HREF="/pics/">[To Parent Directory]</A><br><br> 5/12/2026  9:14 PM        81234 <A HREF="/pics/a/1.jpg">1.jpg</A><br></pre><hr>`)), front, noSuchFile)),
		at("listing_in_a_table", "/", everyPath(ok(listing("Index of /", `<table><tr><th>Name</th><th>Last modified</th><th>Size</th></tr><tr><td><a href="set1/">set1/</a></td><td>2026-02-01 10:10</td><td>-</td></tr><tr><td><a href="set2.zip">set2.zip</a></td><td>2026-02-01 10:12</td><td>18M</td></tr></table><address>Server at Port 80</address>`)), noSuchFile)),
		at("title_without_words", "/t/1", hosted(ok(`<html><head><title></title></head><body><embed src="/m.swf"></body></html>`), front, noSuchFile)),
		at("matter_behind_a_long_beginning", "/t/2", hosted(ok("<html><head><title>Long</title><style>"+strings.Repeat(".a{color:red}\n", 90_000)+"</style></head><body>"+main+"</body></html>"), front, noSuchFile)),
		at("page_of_data_pictures", "/t/3", hosted(ok(bare("pic", `<img src="data:image/jpeg;base64,`+strings.Repeat("QUJDREVGR0g0", 8000)+`">`)), front, noSuchFile)),
	}
}

// everyPath answers "/" with the front and all else as missing.
func everyPath(front, missing reply) Behaviour { return hosted(front, front, missing) }

func unseenCharsets() []Specimen {
	in := func(name, header, meta string, e encoding.Encoding, title, text string) Specimen {
		head := ""
		if meta != "" {
			head = `<meta http-equiv="Content-Type" content="text/html; charset=` + meta + `">`
		}
		body, err := e.NewEncoder().String("<html><head>" + head + "<title>" + title + "</title></head><body><h1>" + title + "</h1><p>" + text + "</p><p>" + text + "</p><img src=\"/1.jpg\"></body></html>")
		must(err, "encode a page")
		return still(name, hosted(ok(body).with("Content-Type", header), ok(bare("", "home")), noSuchFile)).at("/" + strings.ReplaceAll(name, "_", "/"))
	}
	cyrillic, han, kana, hangul := "Файл не найден в шкафу, но картина осталась на стене. Лодка, гавань, туман и старый хор.", "图片没有找到的那一天，港口的雾很大，老船长讲了一个故事。", "見つからない鍵の話。港の霧と古い船と合唱団の写真があります。", "찾을 수 없는 열쇠 이야기와 항구의 안개, 오래된 배 사진."
	return []Specimen{
		in("cyrillic_declared", "text/html; charset=windows-1251", "", charmap.Windows1251, "Гавань", cyrillic),
		in("cyrillic_undeclared", "text/html", "", charmap.Windows1251, "Гавань", cyrillic),
		in("cyrillic_of_the_old_net", "text/html", "koi8-r", charmap.KOI8R, "Гавань", cyrillic),
		in("kana_in_meta", "text/html", "Shift_JIS", japanese.ShiftJIS, "港の霧", kana),
		in("kana_called_utf8", "text/html; charset=utf-8", "EUC-JP", japanese.EUCJP, "港の霧", kana),
		in("han_in_the_header", "text/html; charset=gb18030", "", simplifiedchinese.GB18030, "港口的雾", han),
		in("han_undeclared", "text/html", "", traditionalchinese.Big5, "港口的霧", "圖片沒有找到的那一天，港口的霧很大。"),
		in("hangul_in_meta", "text/html", "euc-kr", korean.EUCKR, "항구의 안개", hangul),
		in("utf_16_with_its_mark", "text/html", "", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "Гавань", cyrillic),
		in("utf_16_in_the_header", "text/html; charset=utf-16le", "", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "Harbour", "The fog, the quay and the choir on its day out, in one long picture."),
		in("unknown_charset", "text/html; charset=x-user-defined", "", encoding.Nop, "Harbour", fmt.Sprint(strings.Join(prose(9, 4), " "))),
	}
}
