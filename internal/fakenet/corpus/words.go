package corpus

import (
	"embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"text/template"
	"time"

	"vigil/internal/fakenet"
)

//go:embed shared/*.html
var shared embed.FS

// functions are the actions that a text may hold. All give the same words for the same numbers.
var functions = template.FuncMap{
	"add": func(a, b int) int { return a + b }, "mul": func(a, b int) int { return a * b }, "mod": func(a, b int) int { return a % b },
	"hash": hash, "repeat": repeat, "noise": noise, "sentences": sentences, "paragraphs": paragraphs, "tale": tale, "title": title,
	"thing": thing, "trait": trait, "pictures": pictures, "thread": thread, "links": links, "original": original, "top": top, "foot": foot,
}

// front and missing are a host's answers where its sections have none.
var (
	front   = &answer{status: http.StatusOK, body: text{plain: page("blog", "Welcome", paragraphs(2, 12))}}
	missing = &answer{status: http.StatusNotFound, body: text{plain: read("missing")}}
)

// faults are behaviours that no section can say.
var faults = map[string]fakenet.Behaviour{
	"bad_gzip": fakenet.BadGzip(), "bad_header": fakenet.BadHeader(), "bad_status_line": fakenet.BadStatusLine(),
	"drip": fakenet.Drip(300 * time.Millisecond), "drip_headers": fakenet.DripHeaders(300 * time.Millisecond),
	"endless_headers": fakenet.EndlessHeaders(), "garbage": fakenet.Garbage(), "hang_after_request": fakenet.HangAfterRequest(),
	"http09": fakenet.HTTP09(), "redirect_loop": fakenet.RedirectLoop(), "reset_in_body": fakenet.ResetInBody(),
	"reset_in_headers": fakenet.ResetInHeaders(), "truncated_body": fakenet.TruncatedBody(),
}

func faultNames() []string {
	var names []string
	for name := range faults {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// read is a shared document; without the line end of its file.
func read(name string) string {
	data, err := shared.ReadFile("shared/" + name + ".html")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(data), "\n")
}

// dress is what stands before and after the content on pages of one make of software.
func dress(name string) (before, after string, err error) {
	before, after, found := strings.Cut(read(name), "CONTENT")
	if !found {
		return "", "", fmt.Errorf("no dress %q: write one of the files in shared, as blog, forum or shop", name)
	}
	return before, after, nil
}

// top is what stands before the content of a page in a dress.
func top(name, title string) (string, error) {
	before, _, err := dress(name)
	return strings.ReplaceAll(before, "TITLE", title), err
}

// foot is what stands after the content.
func foot(name string) (string, error) {
	_, after, err := dress(name)
	return after, err
}

// page is a whole page in a dress that there is.
func page(dressed, title, content string) string {
	before, after, _ := dress(dressed)
	return strings.ReplaceAll(before, "TITLE", title) + content + after
}

// hash is a number of six digits that a text always has.
func hash(text string) int {
	n := 0
	for _, c := range text {
		n = (n*31 + int(c)) % 1_000_003
	}
	return n
}

func repeat(count int, text string) string { return strings.Repeat(text, count) }

// random is a source of numbers, the same for the same seed.
func random(x uint64) func() uint64 {
	return func() uint64 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		return x
	}
}

// noise is bytes that look random.
func noise(seed, size int) string {
	next := random(uint64(seed)*0x9e3779b97f4a7c15 + 99)
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(next() >> 24)
	}
	return string(b)
}

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

// prose is sentences about one topic.
func prose(seed, count int) []string {
	t := topics[seed%len(topics)]
	next := random(uint64(seed)*0x9e3779b97f4a7c15 + 0xbf58476d)
	pick := func(list []string) string { return list[next()%uint64(len(list))] }
	shapes := []string{"The %[1]s %[2]s %[3]s the %[4]s behind the %[5]s.", "Once more the %[2]s %[3]s a %[1]s %[4]s, and the %[5]s stays as it was.",
		"Nobody asks why a %[2]s %[3]s the %[4]s when the %[5]s is %[1]s.", "In a good year one %[1]s %[4]s is enough; the %[2]s %[3]s every %[5]s."}
	out := make([]string, 0, count)
	for range count {
		out = append(out, fmt.Sprintf(pick(shapes), pick(t.traits), pick(t.things), pick(t.deeds), pick(t.things), pick(t.things)))
	}
	return out
}

func sentences(seed, count int) string { return strings.Join(prose(seed, count), " ") }

// paragraphs are sentences, three to a paragraph.
func paragraphs(seed, count int) string {
	var b strings.Builder
	for three := range slices.Chunk(prose(seed, count), 3) {
		b.WriteString("<p>" + strings.Join(three, " ") + "</p>\n")
	}
	return b.String()
}

func title(seed int) string {
	t := topics[seed%len(topics)]
	return strings.ToUpper(t.traits[seed%6][:1]) + t.traits[seed%6][1:] + " " + t.things[seed%12] + " and " + t.things[(seed+5)%12]
}

// tale is a heading and paragraphs.
func tale(seed, count int) string { return "<h1>" + title(seed) + "</h1>\n" + paragraphs(seed, count) }

func thing(seed, i int) string { return topics[seed%len(topics)].things[i%12] }

func trait(seed, i int) string { return topics[seed%len(topics)].traits[i%6] }

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

// thread is posts of a forum.
func thread(seed, posts int) string {
	var b strings.Builder
	for i := range posts {
		fmt.Fprintf(&b, `<div class="post"><p class="author"><a href="/u/%d">%s%d</a> wrote:</p><div class="content">%s</div></div>`,
			seed+i, topics[(seed+i)%len(topics)].things[i%12], seed, sentences(seed+10*i, 3))
	}
	return b.String()
}

// links is a list of links whose texts are sentences.
func links(class string, seed, count int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<nav class=%q><ul>", class)
	for i, item := range prose(seed, count) {
		fmt.Fprintf(&b, "<li><a href=\"/m/%d\">%s</a></li>", i, item)
	}
	b.WriteString("</ul></nav>")
	return b.String()
}

// original is a whole page with content: what stood there before it was taken away. The seed picks one of five makes.
func original(seed int) string {
	title, story := title(seed), tale(seed, 14)
	switch seed % 5 {
	case 0:
		return page("gallery", title, "<h1>"+title+"</h1>"+pictures(seed, 9))
	case 1:
		return page("forum", title, story+thread(seed, 6))
	case 2:
		return page("blog", title, story+`<img src="/p/1.jpg" alt=""><img src="/p/2.jpg" alt="">`)
	case 3:
		return page("file_host", "Download "+title, fmt.Sprintf(`<h1>%s.zip</h1><p>Size: %d.4 MB, uploaded last spring.</p><a href="/get/%d">Download now</a><p>%s</p>`,
			strings.ReplaceAll(title, " ", "-"), 10+seed, seed, prose(seed, 2)[0]))
	}
	return page("plain", title, story+pictures(seed, 3))
}
