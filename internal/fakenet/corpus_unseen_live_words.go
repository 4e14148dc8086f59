package fakenet

import (
	"fmt"
	"net/http"
)

// unseenWords are pages whose subject is absence: of a page, an account, a domain.
func unseenWords() []Specimen {
	front := ok(press("Salt and Rope", "<h1>Salt and Rope</h1>"+paragraphs(prose(1, 3))))
	on := func(name, path, title, main string) Specimen {
		return still(name, hosted(ok(press(title, "<h1>"+title+"</h1>"+main)), front, pressNone)).at(path)
	}
	alone := func(name, path, title, main string) Specimen {
		return still(name, hosted(ok(bare(title, main)), ok(bare("Home", "<h1>Home</h1>")), noSuchFile)).at(path)
	}
	return []Specimen{
		on("song_called_not_found", "/music/not-found/", "Not Found", `<p>"Not Found" is the second single of the Tidewater Choir. It was recorded in one night in 2011 and reached number 40.</p><figure><img src="/cover.jpg"></figure><ol><li>Not Found, 3:11</li><li>Not Found (instrumental), 3:09</li></ol>`),
		on("story_called_account_suspended", "/stories/account-suspended/", "Account Suspended", `<p>He typed his name again. Account suspended, said the machine, contact billing. So he put on his coat and walked to the bank, where nobody had heard of a machine.</p><p>To be continued.</p>`),
		on("story_called_410_gone", "/stories/gone/", "410 Gone", `<p>Gone, said the clerk at room 410. Who? All of them. And he turned the page.</p>`),
		alone("gallery_of_error_pages", "/404-art.html", "404", `<h1>404</h1><p>A small show of pages not found:</p><img src="a.png"><img src="b.png"><img src="c.png"><img src="d.png"><p>Next room: <a href="500.html">500</a></p>`),
		on("reference_of_a_status", "/reference/status/404/", "404 Not Found", `<p>The HTTP 404 Not Found client error response status code indicates that the server cannot find the requested resource.</p><h2>Status</h2><pre>404 Not Found</pre><h2>Example</h2><pre>HTTP/1.1 404 Not Found
Content-Type: text/html</pre><h2>See also</h2><ul><li><a href="../410/">410 Gone</a></li></ul>`),
		on("reference_of_a_server_error", "/reference/status/503/", "503 Service Unavailable", `<p>The HTTP 503 Service Unavailable server error response status code indicates that the server is not ready to handle the request. Common causes are a server that is down for maintenance or overloaded.</p><pre>Retry-After: 120</pre>`),
		on("police_on_a_seizure", "/press/2026/11/", "Three websites seized", `<p><strong>THIS WEBSITE HAS BEEN SEIZED</strong> is what visitors of three marketplaces have read since Tuesday. The domains have been seized by the harbour police under a court order in a joint operation with two other forces.</p><img src="/banner.png" alt="This domain has been seized"><p>Two persons were arrested.</p>`),
		on("picture_of_a_seizure_banner", "/pics/seized/", "This domain has been seized", `<figure><img src="/uploads/seized.png" alt=""></figure>`),
		on("archive_of_removal_notices", "/notices/88121/", "Notice 88121", `<p>Sender: a record label. Recipient: a search engine.</p><p>The content has been removed due to a copyright claim. Type: DMCA. Action taken: removed.</p><table><tr><th>Work</th><th>URLs</th></tr><tr><td>Overture</td><td>12 allegedly infringing URLs</td></tr></table>`),
		on("wiki_page_proposed_for_deletion", "/wiki/Lesser-bowline/", "Lesser bowline", `<div class="ambox"><b>This page is being considered for deletion.</b> Please share your thoughts. Do not remove this notice until the discussion is closed.</div><p>The lesser bowline is a knot. <sup>[citation needed]</sup></p><img src="/knot.svg">`),
		alone("deleted_scenes", "/deleted.html", "Deleted", `<h2>Deleted scenes</h2><video src="deleted1.mp4" controls></video><video src="deleted2.mp4" controls></video>`),
		on("product_no_longer_sold", "/shop/kettle/", "Copper kettle", `<img src="/kettle.jpg"><p>Sorry, this item is no longer available.</p><p>Height 22 cm, 1.5 l, made in one piece. Delivered with its lid.</p><h2>You may also like</h2><ul><li>Pan</li><li>Ladle</li></ul>`),
		alone("page_under_construction_for_ever", "/~emil/bees.htm", "Emil's bee page", `<center><img src="construction.gif"><h2>This page is under construction!</h2><img src="bee1.gif"><img src="hive.jpg" width=400><p>Mail me. You are visitor 000212</p></center>`),
		on("listing_of_a_name_for_sale", "/names/kettle-test/", "kettle.test is for sale", `<p>The domain name kettle.test is for sale. Buy now: 2,400. Or make an offer.</p><p>Registered since 1999, six letters, no hyphen. Seller: anna, 12 sales.</p>`),
		on("question_about_a_suspension", "/questions/551/", "This Account has been suspended: what now?", `<p>My site only says: This Account has been suspended. Contact your hosting provider for more information. I paid!</p><h2>1 answer</h2><p>Ask them for the invoice number.</p>`),
		on("consent_beside_a_short_text", "/short/", "Bowline", `<p>Over, under, round and back. <img src="/bowline.gif"></p><div id="cmp"><h2>We value your privacy</h2><p>We and our 842 partners store and access information on a device, such as cookies, and process personal data. You can accept or manage your choices by clicking below.</p><button>Accept all</button><button>More options</button></div>`),
		on("teaser_before_a_paywall", "/long/", "The last ropewalk", `<p>The ropewalk at Quayside is 402 metres long, and nobody has walked it since the spring. The last of its machines stands under a sheet.</p><p>Anna Ropemaker has the key.</p><div class="paywall"><h3>Keep reading with a subscription</h3><p>Already a member? <a href="/login">Log in</a></p><button>Subscribe for 1 a week</button></div>`),
	}
}

// unseenStatuses send the matter under a status that denies it: who knows the page can tell.
func unseenStatuses() []Specimen {
	front := ok(press("Salt and Rope", "<h1>Salt and Rope</h1>"))
	title, main := tale(52, 10)
	under := func(name string, status int, now string) Specimen {
		return revised(name, hosted(ok(press(title, main)), front, pressNone), hosted(says(status, now), front, pressNone)).at("/log/52/")
	}
	tubePage := func(n int) string { return tube("Boats in rain", player(4801, "Boats in rain"), n) }
	return []Specimen{
		under("post_with_404_and_a_comment_more", 404, press(title, main+`<ol class="commentlist"><li>Well said.</li></ol>`)),
		under("post_with_410_and_a_banner", 410, press(title, `<div class="promo">Winter sale in the shop: all ropes</div>`+main)),
		under("post_with_403", 403, press(title, main)),
		under("post_with_500_and_a_warning", 500, "<br />\n<b>Warning</b>: Undefined variable $x in <b>/srv/www/functions.php</b> on line <b>12</b><br />\n"+press(title, main)),
		under("post_with_503", 503, press(title, main)),
		revised("clip_with_404_and_another_wall", hosted(ok(tubePage(4)), tubeHome, tubeNone404), hosted(says(404, tubePage(9)), tubeHome, tubeNone404)).at("/v/4801"),
		revised("picture_with_404", placed(file("image/jpeg", jpegMagic, 71, 52_000)), placed(reply{status: 404, body: jpegMagic + noise(71, 52_000)}.with("Content-Type", "image/jpeg"))).at("/i/x.jpg"),
		still("post_with_203", hosted(says(203, press(title, main)), front, pressNone)).onlyFresh().at("/log/53/"),
		still("post_with_206", hosted(says(206, press(title, main)).with("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(press(title, main)), len(press(title, main))+1)), front, pressNone)).onlyFresh().at("/log/54/"),
		still("post_with_an_unusual_success", hosted(says(http.StatusAccepted, press(title, main)), front, pressNone)).onlyFresh().at("/log/55/"),
	}
}

// onlyFresh returns the specimen without its known variant: its first answer is no plain 200.
func (s Specimen) onlyFresh() Specimen { s.Known = false; return s }
