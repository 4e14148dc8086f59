package fetch

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
)

// languages are those of INHOPE countries in which phrases are listed.
var languages = []string{"cs", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "tr"}

// rowsOf reads a list without its heading.
func rowsOf(t *testing.T, data string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(data))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func markersOf(body string) []casefile.Marker {
	return featuresOf(testScratch(), body, "text/html; charset=utf-8").Markers
}

func TestEveryLanguageHasItsPhrases(t *testing.T) {
	t.Parallel()
	count := make(map[string]int)
	for _, row := range rowsOf(t, traitsCSV) {
		count[row[0]+" "+row[1]]++
		if !slices.Contains(languages, row[1]) {
			t.Errorf("%q is in no language of the list: %q", row[2], row[1])
		}
	}
	for _, m := range []casefile.Marker{
		casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized, casefile.MarkerLogin,
		casefile.MarkerPaywall, casefile.MarkerConsent, casefile.MarkerChallenge, casefile.MarkerLinkExpired, casefile.MarkerReferrer, casefile.MarkerGeoBlock,
		casefile.MarkerFailure,
	} {
		for _, language := range languages {
			if n := count[string(m)+" "+language]; n < 3 {
				t.Errorf("%s has %d phrases in %q; it needs three", m, n, language)
			}
		}
	}
}

func TestTraitsAreDatedSourcedAndListedOnce(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, data := range []string{traitsCSV, signsCSV} {
		for _, row := range rowsOf(t, data) {
			at, err := time.Parse(time.DateOnly, row[5])
			if err != nil || at.Year() < 2026 || row[4] == "" {
				t.Errorf("%q has the source %q and the date %q", row[2], row[4], row[5])
			}
			key := row[0] + row[1]
			if data == signsCSV && row[1] == "header" {
				key += row[2]
			} else {
				words([]byte(row[2]), func(h uint64, _ kind) { key += fmt.Sprint(" ", h) })
			}
			if key += row[3]; seen[key] {
				t.Errorf("%q is listed twice in %q as %s", row[2], row[1], row[0])
			}
			seen[key] = true
		}
	}
}

// Every phrase is found where it counts, however it is set.
func TestEveryPhraseIsFound(t *testing.T) {
	t.Parallel()
	for _, row := range rowsOf(t, traitsCSV) {
		marker, text := casefile.Marker(row[0]), row[2]
		page, long := "<p>(Logo) "+strings.ToUpper(text)+"!</p>", "<p>"+text+strings.Repeat(" word", maxPhraseWords)
		switch row[3] {
		case "title":
			page, long = "<title>"+text+" | site.example</title><p>word", "<p>"+text
		case "heading":
			page, long = "<title>"+text+"...</title><p>word", "<title>"+text+" of a song</title><p>word"
		case "whole":
			page, long = "<title>1</title><h1>"+text+"</h1>", "<h1>"+text+"</h1><p>word"
		}
		if marker == casefile.MarkerListing {
			continue // a title alone makes no listing: see TestListings
		}
		if marker == casefile.MarkerAppShell {
			page = "<noscript>" + text + "</noscript><p>Loading <script src=a.js></script>"
		}
		if got := markersOf(page); !slices.Contains(got, marker) {
			t.Errorf("%s: %q gives %v, want %s", row[1], page, got, marker)
		}
		if got := markersOf(long); slices.Contains(got, marker) {
			t.Errorf("%s: %q as a quotation gives %v", row[1], text, got)
		}
	}
}

// A page of its own content may quote all the phrases of its language and shows no marker.
func TestLongPagesQuoteInEveryLanguage(t *testing.T) {
	t.Parallel()
	own := map[string]string{
		"cs": "Včera jsme psali o tom, jak to chodí, a dnes pokračujeme dalším dílem. ", "de": "Gestern schrieben wir darüber, wie es geht, und heute fahren wir fort. ",
		"en": "Yesterday we wrote about how it goes, and today we carry on. ", "es": "Ayer escribimos sobre cómo funciona, y hoy seguimos con otra parte. ",
		"fr": "Hier nous avons écrit comment cela se passe, aujourd'hui voici la suite. ", "it": "Ieri abbiamo scritto come funziona, oggi andiamo avanti con altro. ",
		"ja": "昨日はその仕組みについて書きましたが、今日はその続きをお届けします。", "nl": "Gisteren schreven wij hoe het gaat, en vandaag gaan wij daarmee verder. ",
		"pl": "Wczoraj pisaliśmy o tym, jak to działa, a dziś piszemy dalej. ", "pt": "Ontem escrevemos como isto funciona, e hoje damos mais um passo. ",
		"ru": "Вчера мы писали о том, как это устроено, а сегодня пишем дальше. ", "tr": "Dün bunun nasıl işlediğini yazmıştık, bugün de yazmaya devam ediyoruz. ",
	}
	for _, language := range languages {
		var page strings.Builder
		page.WriteString("<title>Example</title>")
		for _, row := range rowsOf(t, traitsCSV) {
			if row[1] == language {
				fmt.Fprintf(&page, "<p>%s„%s“</p>", strings.Repeat(own[language], 4), row[2])
			}
		}
		f := featuresOf(testScratch(), page.String(), "text/html; charset=utf-8")
		if f.Words <= maxPhraseWords || len(f.Markers) != 0 {
			t.Errorf("%s: a page of %d words has the markers %v", language, f.Words, f.Markers)
		}
	}
}

// What a short page quotes, or offers a visitor to say, it does not say of itself.
func TestQuotationsSayNothingOfThePage(t *testing.T) {
	t.Parallel()
	for _, row := range rowsOf(t, traitsCSV) {
		if row[3] != "page" {
			continue
		}
		for _, element := range []string{"blockquote", "q", "textarea", "select"} {
			page := "<p>Is it true what they say there? <" + element + ">" + row[2] + "</" + element + "> <p>I do not think so at all, and here is why.<img>"
			if got := markersOf(page); len(got) != 0 {
				t.Errorf("%s: %q quoted in %s: %v", row[1], row[2], element, got)
			}
		}
	}
	if got := markersOf("<q>page</q> not found <q>here</q> <p>This page does not exist."); !slices.Equal(got, []casefile.Marker{casefile.MarkerNotFound}) {
		t.Errorf("after a quotation: %v", got)
	}
}

// What live pages say of their comments and members is no barrier. The wordings are
// those of WordPress core: You must be logged in to post a comment.
func TestShortLivePagesSayNothingOfThemselves(t *testing.T) {
	t.Parallel()
	for language, text := range map[string]string{
		"cs": "Pro přidávání komentářů se musíte nejdříve přihlásit.", "de": "Du musst angemeldet sein, um einen Kommentar abzugeben.",
		"en": "You must be logged in to post a comment.", "es": "Lo siento, debes estar conectado para publicar un comentario.",
		"fr": "Vous devez vous connecter pour publier un commentaire.", "it": "Devi essere connesso per inviare un commento.",
		"ja": "コメントを投稿するにはログインしてください。", "nl": "Je moet ingelogd zijn om een reactie te plaatsen.",
		"pl": "Musisz się zalogować, aby móc dodać komentarz.", "pt": "Você precisa fazer o login para publicar um comentário.",
		"ru": "Для отправки комментария вам необходимо авторизоваться.", "tr": "Yorum yapabilmek için oturum açmalısınız.",
	} {
		if got := markersOf("<title>Un instant de silence</title><p>" + text + "<img>"); len(got) != 0 {
			t.Errorf("%s: %v", language, got)
		}
	}
	for _, text := range []string{
		"Das Auto wurde beschlagnahmt.", "De drugs zijn in beslag genomen.", "Le véhicule a été saisi.", "Mit der Anmeldung akzeptierst du unsere Nutzungsbedingungen.",
		"Ein Beitrag wurde entfernt.", "The car was seized.", "Report this image.", "Sign in | Register", "Please wait a moment", "No comments found",
	} {
		if got := markersOf("<p>" + text + "<img>"); len(got) != 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
}
