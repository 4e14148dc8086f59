package fakenet

import (
	"net/http"

	"vigil/casefile"
)

// goneHosts are sites that are gone as a whole: suspended, parked, seized, unregistered, wiped.
func goneHosts() []kind {
	suspended := []casefile.Reason{casefile.ReasonAccountSuspended, casefile.ReasonSoft404}
	parked := []casefile.Reason{casefile.ReasonParked, casefile.ReasonSoft404}
	seized := []casefile.Reason{casefile.ReasonSeized, casefile.ReasonSoft404}
	return []kind{
		dead("suspended", HalfHold, suspended, suspensions()...),
		dead("parked", HalfTune, parked, parkings()...),
		dead("registration_over", HalfHold, parked, expiries()...),
		dead("seized", HalfTune, seized, seizures()...),
		dead("sinkholed", HalfHold, []casefile.Reason{casefile.ReasonSinkholed, casefile.ReasonSoft404}, sinkholes()...),
		dead("default_page", HalfHold, soft404, defaults()...),
		dead("name_gone", HalfTune, []casefile.Reason{casefile.ReasonNXDomain}, names()...),
		dead("object_gone", HalfHold, missing404, objects()...),
	}
}

func suspensions() []Specimen {
	all := func(name, title, main string) Specimen {
		return turned(name, everywhere(says(http.StatusOK, plain.page(title, main))))
	}
	panel := "<h1>Account Suspended</h1><p>This account has been suspended.</p><p><a href=\"mailto:help@hoster.example\">Contact your hosting provider for more information.</a></p>"
	return []Specimen{
		all("panel_account_suspended", "Account Suspended", panel),
		all("panel_site_not_available", "Website suspended", "<h1>This website is suspended</h1><p>The owner of this site can find the reason in the control panel.</p>"),
		all("site_disabled", "Site disabled", "<h2>The site is disabled</h2><p>This web site has been disabled by the hosting provider. Are you its owner? Write to our desk.</p>"),
		all("free_host_site_removed", "Little pages", "<img src=\"/logo.png\" alt=\"Little pages\"><p>This site was suspended for breaking the rules of Little pages.</p>"),
		turned("sent_to_the_suspended_page", server(func(r *Request) reply {
			if r.URL.Path == "/cgi-sys/suspendedpage.cgi" {
				return says(http.StatusOK, plain.page("Account Suspended", panel))
			}
			return sends(http.StatusFound, "/cgi-sys/suspendedpage.cgi")
		})),
		turned("suspended_with_status_403", everywhere(says(http.StatusForbidden, plain.page("Account Suspended", panel)))),
		all("suspended_in_german", "Webseite gesperrt", "<h1>Diese Webseite wurde gesperrt</h1><p>Bitte wenden Sie sich an Ihren Anbieter.</p>"),
	}
}

func parkings() []Specimen {
	lander := `<h1>%</h1><p>This domain is for sale</p><form action="/offer"><input name="mail"><button>Make an offer</button></form><p>Related searches</p>` +
		menu("ads", "Copper kettles", "Cheap flights", "Car insurance", "Garden tools", "Online courses")
	all := func(name, title, main string) Specimen {
		return turned(name, everywhere(says(http.StatusOK, plain.page(title, main))))
	}
	market := Site{Host: "names-market.example", Path: "/sale", Acts: Always(everywhere(says(http.StatusOK, plain.page("Buy a name", "<h1>Buy this domain</h1><p>The domain name is for sale. Price: 2,400.</p>"))))}
	return []Specimen{
		all("for_sale", "A name for sale", lander),
		all("parked_free", "Parked", "<h1>This domain is parked</h1><p>Parked free, courtesy of the registrar.</p>"),
		all("lander_of_links", "Related links", menu("ads", "Kettles", "Flights", "Insurance", "Courses", "Loans", "Shoes")+"<p>Sponsored listings. 2026 copyright. Privacy policy.</p>").served("ns1.parkingcrew.net", "ns2.parkingcrew.net"),
		all("lander_of_script", "", `<div id="target"></div><script src="/px.js"></script><script>window.park="eyJ1dWlkIjoi"</script>`).served("ns1.bodis.com", "ns2.bodis.com"),
		turned("sent_to_a_market", everywhere(sends(http.StatusFound, "http://names-market.example/sale"))).besides(market).means(casefile.ReasonParked, casefile.ReasonSoft404, casefile.ReasonRedirectedElsewhere),
		turned("sent_to_the_lander", server(func(r *Request) reply {
			if r.URL.Path == "/lander" {
				return says(http.StatusOK, plain.page("A name for sale", lander))
			}
			return sends(http.StatusFound, "/lander")
		})),
		all("for_sale_in_dutch", "Domeinnaam", "<h1>Deze domeinnaam is te koop</h1><p>Doe een bod op deze naam.</p>"),
		all("coming_soon", "Coming soon", "<h1>Coming soon</h1><p>A new site will be here shortly.</p>").served("ns1.sedoparking.com", "ns2.sedoparking.com"),
	}
}

func expiries() []Specimen {
	all := func(name, title, main string) Specimen {
		return turned(name, everywhere(says(http.StatusOK, plain.page(title, main))))
	}
	return []Specimen{
		all("domain_has_expired", "Expired", "<h1>This domain has expired</h1><p>Are you the owner? Renew it at your registrar today.</p>"),
		all("renew_now", "Renew", "<h1>The registration of this name is over</h1><p>It will be deleted in 30 days. <a href=\"/renew\">Renew now</a></p>"),
		all("held_for_verification", "Verify", "<h1>The contact of this domain was not verified</h1><p>The name has been suspended until its owner answers the letter of the registrar.</p>").means(casefile.ReasonParked, casefile.ReasonSoft404, casefile.ReasonAccountSuspended),
		all("expired_with_links", "Expired", "<h1>Domain expired</h1><p>Sponsored:</p>"+menu("ads", "Kettles", "Flights", "Loans", "Shoes")),
		all("expired_in_french", "Domaine", "<h1>Ce nom de domaine a expiré</h1><p>Le renouveler chez le bureau d'enregistrement.</p>"),
	}
}

func seizures() []Specimen {
	all := func(name, title, main string) Specimen {
		return turned(name, everywhere(says(http.StatusOK, plain.page(title, main))))
	}
	return []Specimen{
		all("seized_in_words", "Seized", "<h1>This domain has been seized</h1><p>The police of Harbour County seized this website under a warrant of its court.</p>"),
		all("seized_as_a_picture", "", `<img src="/banner.png" alt="This website has been seized">`).served("ns1.seizedservers.example", "ns2.seizedservers.example"),
		all("seized_in_two_languages", "Seized", "<h1>THIS WEBSITE HAS BEEN SEIZED</h1><h1>Diese Webseite wurde beschlagnahmt</h1><p>Action of several police forces.</p>"),
		turned("seized_with_status_403", everywhere(says(http.StatusForbidden, plain.page("Notice", "<h1>This domain name has been seized by law enforcement.</h1>")))),
		all("beschlagnahmt", "Beschlagnahmt", "<p>Diese Domain wurde von der Polizei beschlagnahmt. Die Inhalte wurden gesichert.</p>"),
	}
}

func sinkholes() []Specimen {
	all := func(name string, p reply) Specimen { return turned(name, everywhere(p)) }
	return []Specimen{
		all("sinkhole_header", says(http.StatusOK, "<html></html>").with("X-Sinkhole", "abuse desk")),
		all("sinkhole_server", says(http.StatusOK, plain.page("", "<p>This name is under watch.</p>")).with("Server", "sinkhole/2")),
		all("sinkhole_404", says(http.StatusNotFound, "").with("X-Sinkholed", "yes")).means(casefile.ReasonSinkholed, casefile.ReasonHTTP404),
	}
}

// defaults are what a web server shows when nobody has put a site on it.
func defaults() []Specimen {
	all := func(name, title, main string) Specimen {
		return turned(name, everywhere(says(http.StatusOK, plain.page(title, main))))
	}
	return []Specimen{
		all("server_welcome", "Welcome", "<h1>Welcome to your web server!</h1><p>If you see this page, the web server is installed and working. Further configuration is required.</p>"),
		all("server_it_works", "It works", "<h1>It works!</h1><p>This is the default page of the web server. Replace this file before you go on.</p>"),
		all("server_picture", "Web server", `<a href="/doc"><img src="/welcome.png" alt="Welcome"></a>`),
		all("panel_default", "Default page", "<h1>This is the default page of this domain</h1><p>Log in to the control panel to upload a site. No site is configured at this address.</p>"),
		all("cloud_no_site_here", "No such app", "<h1>There is nothing here, yet</h1><p>If you are the owner of this app, deploy it.</p>"),
	}
}

func names() []Specimen {
	nx := func(status ...string) Behaviour {
		b := NXDomain()
		b.DomainStatus = status
		return b
	}
	held := []casefile.Reason{casefile.ReasonDomainHold}
	noData := BrokenDNS(DNSNoData)
	noData.DomainStatus = []string{"serverHold", "serverTransferProhibited"}
	return []Specimen{
		turned("name_does_not_exist", nx()),
		turned("held_by_the_registrar", nx("clientHold", "clientTransferProhibited")).means(held...),
		turned("held_by_the_registry", nx("serverHold")).means(held...),
		turned("held_in_the_words_of_rdap", nx("client hold")).means(held...),
		turned("held_without_addresses", noData).means(held...),
		turned("waiting_for_deletion", nx("redemptionPeriod", "pendingDelete")),
	}
}

func objects() []Specimen {
	xml := func(status int, code, message string) reply {
		return reply{status: status, body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>` + message + `</Message><RequestId>7F3A</RequestId></Error>`}.with("Content-Type", "application/xml")
	}
	object := func(name string, p reply) Specimen {
		return turned(name, everywhere(p)).from(placed(file("image/jpeg", jpegMagic, 40, 30_000))).at("/albums/ferry.jpg")
	}
	return []Specimen{
		object("no_such_key", xml(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")),
		object("no_such_bucket", xml(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")),
		object("blob_not_found", xml(http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.")),
		object("web_form_of_a_store", says(http.StatusNotFound, plain.page("404 Not Found", "<h1>404 Not Found</h1><ul><li>Code: NoSuchKey</li><li>Message: The specified key does not exist.</li></ul>"))),
	}
}
