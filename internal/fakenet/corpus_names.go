package fakenet

import (
	"net/http"
	"strings"

	"vigil/casefile"
)

// everyName is a server that gives one answer to every name and path of its domain.
func everyName(p reply) Behaviour { return everywhere(p).AllNames() }

// nameKinds are domains on which every name answers: parking that says nothing which Vigil knows, and
// sites and applications that are built like that.
func nameKinds() []kind {
	parked := []casefile.Reason{casefile.ReasonParked, casefile.ReasonSoft404}
	live := func(name string, half Half, members ...Specimen) kind {
		return kind{name: name, half: half, state: casefile.StateLive, reasons: seenLive, members: members}
	}
	return []kind{
		dead("parked_for_every_name", HalfTune, parked, landers()...),
		dead("parked_for_every_name_elsewhere", HalfHold, parked, furtherLanders()...),
		live("live_for_every_name", HalfTune, wildcards()...),
		live("live_for_every_name_elsewhere", HalfHold, furtherWildcards()...),
		{name: "built_for_every_name", half: HalfHold, state: casefile.StateWithheld, reasons: []casefile.Reason{casefile.ReasonScriptRequired}, members: shellsOnEveryName()},
	}
}

// titled is a page that bears the name it was asked for, as landers do.
func titled(main string) Behaviour {
	return server(func(r *Request) reply {
		return says(http.StatusOK, plain.page(r.Host, "<h2>"+r.Host+"</h2>"+main))
	}).AllNames()
}

func landers() []Specimen {
	return []Specimen{
		turned("links_in_portuguese_at_the_front_page", titled(menu("q", "Seguro de carro", "Voos baratos", "Cursos de noite", "Hotéis na praia", "Bicicletas usadas", "Contas a prazo"))).
			at("/").served("ns1.bodis.com", "ns2.bodis.com"),
		turned("links_in_finnish", titled(menu("q", "Halvat lennot", "Autovakuutus", "Polkupyörät", "Iltakurssit", "Huonekalut", "Puutarha"))),
		turned("script_in_hungarian_at_the_front_page", everyName(says(http.StatusOK, `<html><head><title></title></head><body><p>Egy pillanat</p><script src="/k.js"></script></body></html>`))).
			at("/").served("ns1.parklogic.com", "ns2.parklogic.com"),
		turned("renewal_in_danish", everyName(says(http.StatusOK, plain.page("Navnet", "<h1>Navnet skal fornys</h1><p>Kontakt din udbyder og betal for et år til.</p>")))).
			at("/").served("ns1.pendingrenewaldeletion.com", "ns2.pendingrenewaldeletion.com"),
	}
}

func furtherLanders() []Specimen {
	return []Specimen{
		turned("links_in_greek_at_the_front_page", titled(menu("r", "Φθηνά εισιτήρια", "Ασφάλεια αυτοκινήτου", "Μαθήματα", "Ποδήλατα", "Έπιπλα κήπου"))).
			at("/").served("ns1.sedoparking.com", "ns2.sedoparking.com"),
		turned("script_in_swedish", everyName(says(http.StatusOK, `<html><head><title>Strax</title></head><body><div class="wait">Strax</div><script>load("/l")</script></body></html>`))).
			served("ns1.above.com", "ns2.above.com"),
		turned("renewal_in_norwegian_at_the_front_page", everyName(says(http.StatusOK, plain.page("Navn", "<h1>Fornyelse mangler</h1><p>Er navnet ditt? Logg inn hos forhandleren.</p>")))).
			at("/").served("expired1.namebrightdns.com", "expired2.namebrightdns.com"),
		// Without name servers that give it away nobody can tell it from a directory: a person decides.
		turned("links_in_romanian_at_the_front_page", titled(menu("r", "Zboruri ieftine", "Asigurare auto", "Cursuri", "Biciclete", "Mobilă", "Credite"))).
			at("/").means(casefile.ReasonParked, casefile.ReasonContentDiffers),
	}
}

func wildcards() []Specimen {
	title, main := tale(31, 3)
	return []Specimen{
		still("shop_of_one_page_on_parking_servers", everyName(says(http.StatusOK, plain.page("Kettle and Pan", "<h1>One kettle</h1>"+pictures(3, 2)+`<form action="/buy"><button>Buy</button></form>`)))).
			at("/").served("ns1.above.com", "ns2.above.com"),
		still("platform_front_page", server(func(r *Request) reply {
			if r.Host == r.Site.Host {
				return says(http.StatusOK, plain.page("Little blogs", "<h1>Little blogs</h1>"+menu("tags", "Trains", "Herons", "Copper", "Looms", "Snow", "Ferries")))
			}
			return says(http.StatusOK, plain.page("Little blogs", "<h1>"+r.Host+"</h1><p>Nobody writes under this name yet. Take it, and begin to write.</p>"))
		}).AllNames()).at("/"),
		still("directory_on_every_name", everyName(says(http.StatusOK, plain.page("Doors", menu("doors", "Trains", "Herons", "Copper", "Looms", "Snow", "Ferries"))))).
			at("/").means(casefile.ReasonServed, casefile.ReasonMatchesBaseline, casefile.ReasonContentDiffers),
		still("post_of_a_blog_on_every_name", placed(says(http.StatusOK, blog.page(title, main))).AllNames()),
	}
}

func furtherWildcards() []Specimen {
	title, main := tale(33, 14)
	doors := says(http.StatusOK, plain.page("Ferries", menu("doors", "Timetable", "Fares", "Harbours", "Weather", "Lost things", "Jobs")))
	return []Specimen{
		still("story_on_every_name_on_parking_servers", everyName(says(http.StatusOK, plain.page(title, main)))).
			at("/").served("ns1.sedoparking.com", "ns2.sedoparking.com"),
		still("strays_are_sent_home", server(func(r *Request) reply {
			if r.Host != r.Site.Host {
				return sends(http.StatusFound, "http://"+r.Site.Host+"/")
			}
			return doors
		}).AllNames()).at("/"),
		still("application_with_routes", server(func(r *Request) reply {
			shell := `<html><head><title>Rooms</title></head><body><div id="root">%</div><script src="/app.js"></script></body></html>`
			if r.URL.Path == pathOf(r.Site) {
				return says(http.StatusOK, strings.Replace(shell, "%", main, 1))
			}
			return says(http.StatusOK, strings.Replace(shell, "%", "", 1))
		}).AllNames()).at("/rooms/7"),
		still("each_name_its_own_page", server(func(r *Request) reply {
			seed := 0
			for _, c := range r.Host {
				seed = seed*31%1009 + int(c)
			}
			title, main := tale(seed, 2)
			return says(http.StatusOK, plain.page(title, main+menu("more", prose(seed, 2)...)))
		}).AllNames()).at("/"),
	}
}

// shellsOnEveryName are applications that answer on every name and path with one shell: a browser would fill it.
func shellsOnEveryName() []Specimen {
	links := menu("app", "Rooms", "People", "Files", "Calls", "Settings", "Help")
	return []Specimen{
		still("shell_with_a_menu", everyName(says(http.StatusOK, `<html><head><title>Rooms</title></head><body>`+links+`<section></section><script src="/a/8f.js"></script></body></html>`))).at("/rooms/7"),
		still("shell_with_a_root", everyName(says(http.StatusOK, `<html><head><title>Rooms</title></head><body><div id="app"></div><script src="/a/9c.js"></script></body></html>`))).at("/rooms/8"),
	}
}
