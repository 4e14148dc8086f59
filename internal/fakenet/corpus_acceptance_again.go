package fakenet

import "vigil/casefile"

// acceptanceAgain is a second batch of acceptance pages, written after the rules had learned from the first.
func acceptanceAgain() []kind {
	batch := func(name string, half Half, state casefile.State, reason casefile.Reason, members ...Specimen) kind {
		return kind{name: name, half: half, state: state, reasons: []casefile.Reason{reason}, members: members}
	}
	live := batch("acceptance_again_live", HalfHold, casefile.StateLive, casefile.ReasonServed, acceptanceAgainLive()...)
	live.reasons = []casefile.Reason{casefile.ReasonServed, casefile.ReasonMatchesBaseline}
	return []kind{
		live,
		batch("acceptance_again_gone", HalfTune, casefile.StateGone, casefile.ReasonSoft404, acceptanceAgainGone()...),
		batch("acceptance_again_withheld", HalfHold, casefile.StateWithheld, casefile.ReasonForbidden, acceptanceAgainWithheld()...),
		batch("acceptance_again_silent", HalfTune, casefile.StateSilent, casefile.ReasonServerError,
			wholeHost("lab_bakim_200", 200, "Bakım", "<h1>Sitemiz bakımda</h1><p>Kısa süre sonra döneceğiz.</p>"),
			wholeHost("lab_mysql_gone_away", 200, "Error", "<p>Warning: mysqli_connect(): (HY000/2002): Connection refused in /var/www/db.php on line 12</p>"),
			wholeHost("lab_504_gateway", 504, "504 Gateway Time-out", "<center><h1>504 Gateway Time-out</h1></center><hr><center>nginx</center>"),
			wholeHost("lab_509_bandwidth", 509, "509 Bandwidth Limit Exceeded", "<h1>Bandwidth Limit Exceeded</h1><p>The server is temporarily unable to service your request due to the site owner reaching his/her bandwidth limit. Please try again later.</p>")),
	}
}

func acceptanceAgainLive() []Specimen {
	return []Specimen{
		here("lab_poem_nothing_here", "Nothing here", `<h1>Nothing here</h1><p>A poem: nothing here but snow and a single crow, nothing there but the road and the long way home to you.</p><img src="/crow.jpg">`),
		here("lab_court_list_nl", "Zaken", `<h1>Zaken van deze week</h1><ul><li>Drie websites zijn in beslag genomen.</li><li>Een rijbewijs is ingevorderd.</li><li>Een hond is teruggevonden.</li></ul>`),
		here("lab_support_answer_fr", "Question", `<h1>Pourquoi mon site affiche « Ce compte a été suspendu » ?</h1><p>Votre facture n'est pas réglée. Connectez-vous à l'espace client et payez, le site revient en une heure.</p>`),
		here("lab_slang_lexicon_de", "404", `<h1>404</h1><p>Umgangssprachlich für jemanden, der keine Ahnung hat. Herkunft: der Fehler „Seite nicht gefunden“ im Netz.</p>`),
		here("lab_gallery_one_deleted", "Photos of the fair", `<h1>Photos of the fair</h1><img src="/1.jpg"><img src="/2.jpg"><p>This image has been removed</p><img src="/4.jpg">`),
		here("lab_seller_of_a_house", "For sale", `<h1>For sale</h1><p>This house is for sale. Three rooms, a garden and a view of the river. Call us after six.</p><img src="/house.jpg">`),
		here("lab_museum_closed_es", "Museo", `<h1>Museo del agua</h1><p>La exposición fue suspendida por la lluvia y vuelve el lunes. Entrada libre.</p>`),
		here("lab_story_of_a_ban_tr", "Haber", `<h1>Mahkeme kararı</h1><p>Mahkeme dün bir alan adına el konulmasına karar verdi, site sahibi itiraz edeceğini söyledi. Ayrıntılar akşam.</p>`),
		here("lab_picture_with_caption_cs", "Foto", `<img src="/f.jpg"><p>Stránka ze starého deníku, nebyla nalezena celá.</p>`),
		here("lab_paste_of_a_log", "Paste 8812", `<h1>Paste 8812</h1><pre>GET /a.jpg 200
GET /b.jpg 404 page not found
GET /c.jpg 410 this page no longer exists
GET /d.jpg 200</pre>`),
	}
}

func acceptanceAgainGone() []Specimen {
	return []Specimen{
		wholeHost("lab_profile_deleted_en", 200, "User deleted", "<h1>This profile has been deleted</h1><p>The owner closed this account or we closed it for breaking the rules.</p>", casefile.ReasonTakedownPage, casefile.ReasonSoft404, casefile.ReasonAccountSuspended),
		wholeHost("lab_album_expired_en", 200, "Album", "<h1>Sorry!</h1><p>This album does not exist or was deleted.</p><a href=\"/\">Home</a>", casefile.ReasonSoft404, casefile.ReasonTakedownPage),
		wholeHost("lab_bucket_missing", 404, "Error", "<h1>404 Not Found</h1><ul><li>Code: NoSuchBucket</li><li>Message: The specified bucket does not exist</li></ul>", casefile.ReasonHTTP404),
		wholeHost("lab_no_such_app", 404, "No such app", "<h1>There's nothing here, yet.</h1>", casefile.ReasonHTTP404),
		wholeHost("lab_site_not_published", 404, "Site not found", "<h1>404</h1><p>There isn't a Pages site here.</p>", casefile.ReasonHTTP404),
		wholeHost("lab_hosting_expired_tr", 200, "Süre doldu", "<h1>Hosting hesabınızın süresi dolmuştur</h1><p>Lütfen yenileyin.</p>", casefile.ReasonAccountSuspended, casefile.ReasonParked, casefile.ReasonSoft404),
		wholeHost("lab_seized_europol_picture", 200, "Seized", "<h1>This service has been shut down</h1><p>Law enforcement agencies of nine countries seized the servers of this service in a joint operation.</p><img src=\"/europol.png\">", casefile.ReasonSeized),
		wholeHost("lab_file_expired_pl", 200, "Plik", "<h1>Plik nie istnieje</h1><p>Plik wygasł lub został usunięty przez właściciela.</p>", casefile.ReasonSoft404, casefile.ReasonTakedownPage),
	}
}

func acceptanceAgainWithheld() []Specimen {
	return []Specimen{
		wholeHost("lab_private_album", 200, "Private album", `<h1>This album is private</h1><p>Enter the password to see it.</p><form method="post"><input type="password" name="p"><button>OK</button></form>`, casefile.ReasonLogin),
		wholeHost("lab_ddos_guard", 403, "DDOS-GUARD", `<h1>Checking your browser before accessing</h1><p>Please wait a few seconds.</p><script src="/.well-known/ddos-guard/check"></script>`, casefile.ReasonChallenge),
		wholeHost("lab_age_cs", 200, "Vstup", `<h1>Stránky jsou určeny osobám starším 18 let</h1><a href="/vstup">Vstoupit</a>`, casefile.ReasonConsent),
		wholeHost("lab_link_run_out_fr", 200, "Lien", "<h1>Lien expiré</h1><p>Ce lien de téléchargement n'est plus valable.</p>", casefile.ReasonLinkExpired),
	}
}
