package fakenet

import (
	"fmt"
	"net/http"
	"strings"
)

// skin is how the pages of one make of software look: what stands around the matter.
type skin struct {
	name string
	head string // of the document, besides the title
	top  string
	foot string
}

// page is a document in the skin.
func (s skin) page(title, main string) string {
	return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title + "</title><meta name=\"generator-note\" content=\"" +
		MarkerPlaceholder + "\">" + s.head + "</head>\n<body>" + s.top + "<main>" + main + "</main>" + s.foot + "</body></html>\n"
}

// menu is a list of links.
func menu(class string, items ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<nav class=%q><ul>", class)
	for i, item := range items {
		fmt.Fprintf(&b, "<li><a href=\"/m/%d\">%s</a></li>", i, item)
	}
	b.WriteString("</ul></nav>")
	return b.String()
}

// The skins. Their sizes are those of common software: a blog with a sidebar, a
// forum with a bar of links, a shop, an image host, a file host, a bare page.
var (
	blog = skin{name: "blog", head: `<link rel="stylesheet" href="/theme/style.css"><script src="/includes/jquery.js"></script>`,
		top: `<header class="site-header"><p class="site-title"><a href="/">Notes from the allotment</a></p>` + menu("primary", "Home", "Journal", "Recipes", "Tools", "About") + `</header>`,
		foot: `<aside class="widget-area"><form role="search" action="/"><input type="search" name="s"><button>Search</button></form><h2>Recent posts</h2>` +
			menu("recent", "Pruning in March", "A cold frame from old windows", "Which potato for clay", "The shed, finally", "Notes on rainwater") +
			`<h2>Archives</h2>` + menu("archives", "October", "September", "August", "July") + `</aside><footer>Proudly grown in clay soil. Powered by a blog engine.</footer>`}
	forum = skin{name: "forum", head: `<link rel="stylesheet" href="/styles/forum.css">`,
		top: `<div id="wrap"><div class="headerbar"><h1>Model railway board</h1><p>Everything between Z and garden scale</p></div>` +
			menu("linklist", "Board index", "Questions", "Search", "Members", "Register", "Log in"),
		foot: `<div class="jumpbox"><form action="/view"><select name="f"><option>General</option><option>Track plans</option><option>Electrics</option></select></form></div><div class="copyright">Board software, a style of our own. All times are UTC.</div></div>`}
	shop = skin{name: "shop", head: `<script src="/js/cart.js"></script><script src="/js/tags.js"></script>`,
		top: `<div class="bar"><a href="/">Kettle and Pan</a> <a href="/cart">Basket</a> <a href="/account">Account</a></div>` +
			menu("departments", "Kettles", "Pans", "Knives", "Boards", "Linen", "Gifts", "Sale"),
		foot: `<footer><ul><li><a href="/delivery">Delivery</a></li><li><a href="/returns">Returns</a></li><li><a href="/contact">Contact</a></li><li><a href="/jobs">Jobs</a></li></ul><p>Free delivery above forty. All prices with tax.</p></footer>`}
	gallery = skin{name: "gallery", head: `<link rel="stylesheet" href="/g.css">`,
		top:  `<div class="top"><a href="/"><img src="/logo.png" alt="Picture shelf"></a><a href="/upload">Upload</a><a href="/random">Random</a></div>`,
		foot: `<div class="bottom"><a href="/terms">Terms</a> <a href="/privacy">Privacy</a> <a href="/report">Report</a></div>`}
	fileHost = skin{name: "file host", head: `<script src="/assets/app.js" defer></script>`,
		top: `<div id="header"><a href="/"><img src="/logo.svg" alt="Parcel drop"></a>` + menu("nav", "Upload", "Premium", "FAQ", "Sign up", "Login") + `</div>`,
		foot: `<div id="footer"><a href="/tos">Terms of service</a> <a href="/abuse">Report abuse</a> <a href="/dmca">Copyright</a> <a href="/partners">Partners</a>` +
			`<p>Parcel drop is a simple way to send large files.</p></div>`}
	social = skin{name: "social", head: `<script src="/bundle/runtime.js"></script><script src="/bundle/main.js"></script>`,
		top:  `<div class="shell"><a href="/"><svg></svg>Chirrup</a><a href="/explore">Explore</a><a href="/login">Log in</a><a href="/signup">Sign up</a></div>`,
		foot: `<div class="legal"><a href="/about">About</a><a href="/help">Help</a><a href="/terms">Terms</a><a href="/privacy">Privacy</a><a href="/cookies">Cookies</a></div>`}
	news = skin{name: "news", head: `<script src="/ads/tag.js"></script><link rel="stylesheet" href="/n.css">`,
		top: `<header><a href="/"><img src="/paper.svg" alt="The Harbour Gazette"></a>` + menu("sections", "Local", "Politics", "Business", "Sport", "Culture", "Weather", "Letters") + `</header>`,
		foot: `<section class="most-read"><h3>Most read</h3>` + menu("read", "Ferry back in service after repairs", "Council votes on the old mill", "School choir wins again", "Storm takes two chimneys") +
			`</section><footer>The Harbour Gazette, since 1911. <a href="/imprint">Imprint</a></footer>`}
	plain = skin{name: "plain"}
)

// topics are small worlds of words. Pages of two topics share little but the small words.
var topics = []struct{ things, deeds, traits []string }{
	{strings.Fields("allotment potato spade compost trellis seedling cabbage rainwater greenhouse hedge mulch orchard"), strings.Fields("covers feeds shades outgrows follows needs"), strings.Fields("early clay-bound hardy tender shady sown")},
	{strings.Fields("locomotive turnout siding tender platform signal carriage gauge tunnel embankment viaduct timetable"), strings.Fields("pulls meets delays joins reverses reaches"), strings.Fields("narrow electric painted coastal rusty double")},
	{strings.Fields("kettle saucepan ladle dough oven crust broth onion marjoram skillet pudding larder"), strings.Fields("simmers thickens browns replaces spoils fills"), strings.Fields("copper slow salted floury cast-iron sweet")},
	{strings.Fields("harbour ferry council mill storm quay pilot trawler breakwater mayor budget lighthouse"), strings.Fields("approves closes postpones repairs warns visits"), strings.Fields("local disputed rebuilt annual heavy empty")},
	{strings.Fields("violin bow rosin quartet fingerboard overture score rehearsal varnish tuning choir podium"), strings.Fields("answers opens carries interrupts doubles ends"), strings.Fields("muted bright unfinished borrowed old solo")},
	{strings.Fields("glacier ridge marmot cairn rope hut moraine gentian summit avalanche compass bivouac"), strings.Fields("crosses hides overlooks blocks marks leaves"), strings.Fields("steep snowbound northern marked loose high")},
	{strings.Fields("compiler parser register loop pointer benchmark cache thread buffer linker macro test"), strings.Fields("allocates returns breaks wraps checks inlines"), strings.Fields("static lazy generic unsafe portable cold")},
	{strings.Fields("falcon heron reed marsh nest plumage ringing estuary warbler binocular tern hide"), strings.Fields("feeds startles circles mimics avoids follows"), strings.Fields("juvenile grey migratory rare distant tidal")},
	{strings.Fields("bicycle saddle spoke derailleur pannier tyre crank lamp fork bell chain rim"), strings.Fields("tightens rubs loosens clicks holds turns"), strings.Fields("worn light steel bent spare greased")},
	{strings.Fields("quilt needle thimble hem linen bobbin seam pattern thread button wool loom"), strings.Fields("gathers folds frames matches edges lines"), strings.Fields("faded checked hand-sewn woven narrow blue")},
}

// prose is sentences about one topic, the same for the same seed.
func prose(seed, sentences int) []string {
	t := topics[seed%len(topics)]
	x := uint64(seed)*0x9e3779b97f4a7c15 + 0xbf58476d
	pick := func(list []string) string {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		return list[x%uint64(len(list))]
	}
	shapes := []string{"The %[1]s %[2]s %[3]s the %[4]s behind the %[5]s.", "Once more the %[2]s %[3]s a %[1]s %[4]s, and the %[5]s stays as it was.",
		"Nobody asks why a %[2]s %[3]s the %[4]s when the %[5]s is %[1]s.", "In a good year one %[1]s %[4]s is enough; the %[2]s %[3]s every %[5]s."}
	out := make([]string, 0, sentences)
	for range sentences {
		out = append(out, fmt.Sprintf(pick(shapes), pick(t.traits), pick(t.things), pick(t.deeds), pick(t.things), pick(t.things)))
	}
	return out
}

// paragraphs puts three sentences each into a paragraph.
func paragraphs(sentences []string) string {
	var b strings.Builder
	for i := 0; i < len(sentences); i += 3 {
		b.WriteString("<p>" + strings.Join(sentences[i:min(i+3, len(sentences))], " ") + "</p>\n")
	}
	return b.String()
}

// tale is a title and the matter of a page.
func tale(seed, sentences int) (title, main string) {
	t := topics[seed%len(topics)]
	title = strings.ToUpper(t.traits[seed%6][:1]) + t.traits[seed%6][1:] + " " + t.things[seed%12] + " and " + t.things[(seed+5)%12]
	return title, "<h1>" + title + "</h1>\n" + paragraphs(prose(seed, sentences))
}

// pictures is a row of images with captions.
func pictures(seed, count int) string {
	var b strings.Builder
	b.WriteString(`<div class="grid">`)
	for i := range count {
		t := topics[(seed+i)%len(topics)]
		fmt.Fprintf(&b, `<figure><img src="/i/%d.jpg" alt=""><figcaption>%s, %s</figcaption></figure>`, seed*100+i, t.things[(seed+i)%12], t.traits[i%6])
	}
	b.WriteString("</div>")
	return b.String()
}

// original is what stood there before the seeded specimen was taken away: pages of several makes in turn.
func original(seed int) Behaviour {
	title, main := tale(seed, 14)
	switch seed % 5 {
	case 0:
		return placed(says(http.StatusOK, gallery.page(title, "<h1>"+title+"</h1>"+pictures(seed, 9))))
	case 1:
		return placed(says(http.StatusOK, forum.page(title, main+thread(seed, 6))))
	case 2:
		return placed(says(http.StatusOK, blog.page(title, main+`<img src="/p/1.jpg" alt=""><img src="/p/2.jpg" alt="">`)))
	case 3:
		return placed(says(http.StatusOK, fileHost.page("Download "+title, fmt.Sprintf(`<h1>%s.zip</h1><p>Size: %d.4 MB, uploaded last spring.</p><a href="/get/%d">Download now</a><p>%s</p>`,
			strings.ReplaceAll(title, " ", "-"), 10+seed, seed, prose(seed, 2)[0]))))
	}
	return placed(says(http.StatusOK, plain.page(title, main+pictures(seed, 3))))
}

// thread is posts of a forum.
func thread(seed, posts int) string {
	var b strings.Builder
	for i := range posts {
		fmt.Fprintf(&b, `<div class="post"><p class="author"><a href="/u/%d">%s%d</a> wrote:</p><div class="content">%s</div></div>`,
			seed+i, topics[(seed+i)%len(topics)].things[i%12], seed, strings.Join(prose(seed+10*i, 3), " "))
	}
	return b.String()
}
