package fakenet

import (
	"fmt"
	"net/http"
	"strings"

	"vigil/casefile"
)

// anotherFile are the reasons for a picture of another size or format: who keeps no picture cannot tell it from another one.
var anotherFile = []casefile.Reason{casefile.ReasonServed, casefile.ReasonMatchesBaseline, casefile.ReasonContentDiffers}

// unseenSecondLooks were changed in the frame, or a little in the matter, between two looks.
func unseenSecondLooks() []Specimen {
	title, main := tale(81, 12)
	front := ok(press("Salt and Rope", "<h1>Salt and Rope</h1>"))
	on := func(body string) Behaviour { return hosted(ok(body), front, pressNone) }
	redesign := func(title, main string) string {
		return `<!doctype html><html class="dark"><head><title>` + title + ` | S&amp;R</title><script type="module" src="/_app/start.js"></script></head><body><div class="grid"><aside><a href="/">S&amp;R</a><a href="/all">All posts</a><a href="/tags">Tags</a><a href="/rss">RSS</a></aside><section class="prose">` + main + `</section><footer><p>Built anew in 2026.</p></footer></div></body></html>`
	}
	album := func(host string, seed int) string {
		var b strings.Builder
		for i := range 10 {
			fmt.Fprintf(&b, `<a href="%s/%d.jpg"><img src="%s/t/%d.jpg"></a>`, host, seed+i, host, seed+i)
		}
		return bare("Regatta - Pixbarn", `<h1>Regatta</h1>`+b.String())
	}
	clip := player(4901, "Boats in rain")
	op := post(1, "anna", `Here are the pictures of the swarm, taken on Sunday:<br><img src="attachment.php?id=1"><br><img src="attachment.php?id=2">`)
	removed := post(2, "bert", `<em>This post has been removed by a moderator.</em>`)
	banner := `<div id="cookie"><p>We use cookies to improve your experience. By continuing you agree to our use of cookies.</p><button>Accept</button><button>Decline</button></div>`
	jpeg := func(seed, size int) Behaviour { return placed(file("image/jpeg", jpegMagic, seed, size)) }
	numbers := func(page int) string {
		var b strings.Builder
		for i := range 15 {
			b.WriteString("<li>" + prose(200+i+3*page, 1)[0] + "</li>")
		}
		return press("All posts", "<h1>All posts</h1><ul>"+b.String()+"</ul>")
	}
	return []Specimen{
		revised("frame_built_anew", on(press(title, main)), on(redesign(title, main))).at("/log/81/"),
		revised("cookie_banner_that_came", on(press(title, main)), on(press(title, banner+main))).at("/log/82/"),
		revised("notice_of_sensitive_content_that_came", on(press(title, main)), on(press(title, `<div class="warn"><b>Content warning</b> The following may be sensitive. You must be over 18.</div>`+main))).at("/log/83/"),
		revised("wall_before_the_second_half", on(press(title, main)), on(press(title, main[:len(main)/2]+`</p><div class="paywall"><h3>Subscribe to read on</h3><a href="/login">Log in</a></div>`))).at("/log/84/"),
		revised("pictures_moved_to_another_server", on(album("http://i1.pixbarn.test", 100)), on(album("https://cdn7.pixbarn.test/x", 100))).at("/a/85"),
		revised("pictures_with_new_names", on(album("http://i1.pixbarn.test", 100)), on(album("http://i1.pixbarn.test", 7700))).at("/a/86"),
		revised("clip_in_another_wall", hosted(ok(tube("Boats in rain", clip, 4)), tubeHome, tubeNone200), hosted(ok(tube("Boats in rain", clip, 33)), tubeHome, tubeNone200)).at("/v/4901"),
		revised("clip_renamed", hosted(ok(tube("Boats in rain", clip, 4)), tubeHome, tubeNone404), hosted(ok(tube("Wet boats", player(4901, "Wet boats"), 4)), tubeHome, tubeNone404)).at("/v/4901"),
		revised("answer_removed_beside_the_matter", hosted(ok(board("Swarm", op+post(2, "bert", "rude words here"))), front, boardNone), hosted(ok(board("Swarm", op+removed)), front, boardNone)).at("/showthread.php?t=87"),
		revised("thread_closed", hosted(ok(board("Swarm", op)), front, boardNone), hosted(ok(board("Swarm", `<div class="notice">Thread closed. This thread is no longer open to replies; the account of its author has been suspended.</div>`+op)), front, boardNone)).at("/showthread.php?t=88"),
		revised("picture_made_smaller", jpeg(301, 90_000), jpeg(302, 61_000)).at("/i/88.jpg"),
		revised("picture_made_much_smaller", jpeg(303, 900_000), jpeg(304, 81_000)).at("/i/89.jpg").means(anotherFile...),
		revised("picture_now_in_another_format", jpeg(305, 90_000), placed(file("image/webp", "RIFF\x24\x9c\x00\x00WEBPVP8 ", 306, 50_000))).at("/i/90.jpg").means(anotherFile...),
		revised("list_moved_on_by_three", on(numbers(0)), on(numbers(1))).at("/all/"),
		revised("some_words_mended", on(press(title, main)), on(press(title, strings.Replace(main, "the", "that", 4)))).at("/log/91/"),
		revised("header_and_footer_in_another_language", on(press(title, main)), on(strings.NewReplacer("About", "Über uns", "Knots", "Knoten", "Designed with a press", "Gestaltet mit einer Presse").Replace(press(title, main)))).at("/log/92/"),
		revised("site_moved_to_another_name_server_and_address", on(press(title, main)), on(press(title, main))).at("/log/93/").served("ns1.other.test", "ns2.other.test"),
		revised("siblings_now_say_200", on(press(title, main)), hosted(ok(press(title, main)), front, ok(press("Page not found", "<h1>Page not found</h1>")))).at("/log/94/"),
		revised("now_compressed_and_minified", on(press(title, main)), placed(ok(strings.ReplaceAll(press(title, main), "\n", "")))).at("/log/95/"),
		revised("comments_closed_and_ads_gone", on(press(title, main+`<div class="ads"><a href="http://out.test">cheap ropes</a></div><form><textarea></textarea></form>`)), on(press(title, main+`<p class="nocomments">Comments are closed.</p>`))).at("/log/96/"),
	}
}

// spoken are pages of a few honest sentences in a language, in which something is not found, gone or removed: a story, no notice.
var spoken = []struct{ code, title, text, none string }{
	{"de", "Gelöscht: Bilder vom Sommer", "Den Schlüssel haben wir nicht gefunden, aber die Bilder vom Hafen sind da. Am Sonntag war das Fest, und der Chor sang bis in die Nacht. Ein Foto wurde entfernt, weil Emil es nicht mochte.", "Diese Seite existiert leider nicht (mehr)."},
	{"fr", "Supprimée, la vieille écluse", "On n'a pas trouvé la clé, mais les photos du port sont là. La fête était dimanche et la chorale a chanté tard. Une image a été supprimée à la demande d'Émile.", "Oups ! Cette page est introuvable."},
	{"es", "Cuenta suspendida, dijo el banco", "No encontramos la llave, pero las fotos del puerto están aquí. La fiesta fue el domingo y el coro cantó hasta la noche. Una foto fue eliminada.", "¡Ups! No hemos encontrado esta página."},
	{"it", "Pagina strappata", "Non abbiamo trovato la chiave, ma le foto del porto ci sono. La festa era domenica e il coro ha cantato fino a notte. Una foto è stata rimossa.", "Ops! La pagina non è disponibile."},
	{"nl", "Verwijderd en teruggevonden", "De sleutel is niet gevonden, maar de foto's van de haven staan hier. Zondag was het feest en het koor zong tot diep in de nacht.", "Oeps, deze pagina kunnen we niet vinden."},
	{"pl", "Usunięte zdjęcia", "Klucza nie znaleziono, ale zdjęcia portu są tutaj. W niedzielę było święto i chór śpiewał do nocy. Jedno zdjęcie zostało usunięte.", "Ups! Takiej strony nie ma."},
	{"pt", "Conta suspensa", "Não encontrámos a chave, mas as fotografias do porto estão aqui. A festa foi no domingo e o coro cantou até à noite.", "Ops! Página inexistente."},
	{"ru", "Удалено: летние снимки", "Ключ не найден, но снимки гавани здесь. В воскресенье был праздник, и хор пел до ночи. Один снимок был удалён по просьбе Эмиля.", "Ой! Такой страницы нет."},
	{"ja", "削除された夏の写真", "鍵は見つかりませんでしたが、港の写真はここにあります。日曜日は祭りで、合唱団は夜まで歌いました。一枚は削除されました。", "指定されたページは存在しないか、移動しました。"},
	{"zh", "已删除的夏天", "钥匙没有找到，但是港口的照片在这里。星期天是节日，合唱团唱到了深夜。有一张照片已被删除。", "您要找的页面不存在或已被移除。"},
	{"ko", "삭제된 여름 사진", "열쇠는 찾을 수 없었지만 항구 사진은 여기에 있습니다. 일요일은 축제였고 합창단은 밤까지 노래했습니다. 사진 한 장은 삭제되었습니다.", "요청하신 페이지를 찾을 수 없습니다."},
	{"ar", "صور الصيف المحذوفة", "لم يتم العثور على المفتاح، لكن صور الميناء هنا. كان العيد يوم الأحد وغنت الجوقة حتى الليل. تم حذف صورة واحدة.", "عفواً، هذه الصفحة غير متوفرة."},
	{"tr", "Silinen yaz fotoğrafları", "Anahtar bulunamadı ama limanın fotoğrafları burada. Pazar günü bayramdı ve koro geceye kadar söyledi. Bir fotoğraf kaldırıldı.", "Hata! Böyle bir sayfa yok."},
	{"th", "ภาพฤดูร้อนที่ถูกลบ", "ไม่พบกุญแจ แต่ภาพของท่าเรืออยู่ที่นี่ วันอาทิตย์มีงานเทศกาลและคณะนักร้องร้องเพลงจนดึก", "ไม่พบหน้าที่คุณต้องการ"},
	{"vi", "Ảnh mùa hè đã xóa", "Không tìm thấy chìa khóa, nhưng ảnh bến cảng ở đây. Chủ nhật là ngày hội và dàn hợp xướng hát đến khuya.", "Rất tiếc, không tìm thấy trang này."},
	{"he", "תמונות הקיץ שנמחקו", "המפתח לא נמצא, אבל תמונות הנמל כאן. ביום ראשון היה חג והמקהלה שרה עד הלילה.", "אופס! הדף לא נמצא."},
}

func unseenTongues() []Specimen {
	var out []Specimen
	for i, s := range spoken {
		page := func(title, main string) reply {
			return ok(`<!doctype html><html lang="` + s.code + `"><head><meta charset="utf-8"><title>` + title + `</title></head><body><div id="top"><a href="/">` + s.code + `</a></div><div class="entry"><h1>` + title + `</h1>` + main + `</div></body></html>`)
		}
		missing := page("404", "<p>"+s.none+"</p>")
		if i%2 == 0 {
			missing.status = http.StatusNotFound
		}
		out = append(out, still("story_in_"+s.code, hosted(page(s.title, "<p>"+s.text+`</p><img src="/1.jpg">`), page(s.code, "<p>-</p>"), missing)).at("/s/1"))
	}
	return out
}
