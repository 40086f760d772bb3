package demo

import (
	"net/http"

	"parley/cmd/parley/site"
)

// sitePlace is a page of Parley's own website (the site) that the demo's guided tour links to, such as the inbox.
type sitePlace struct{ name, path string }

func sitePlaces() []sitePlace {
	return []sitePlace{
		{"settings", "/settings/accounts"}, {"rules", "/settings/accounts/support-mail/rules"},
		{"dashboard", "/settings/dashboard?days=28"}, {"inbox", "/inbox?list=all"},
	}
}

// openSite redirects from the demo's page to the site of the Parley that the demo runs.
//
// The form field "to" may name one of sitePlaces. openSite then redirects to that page, which asks for a sign-in if
// necessary, and records the visit for the tour. Without it, openSite redirects to a link that works once and signs the
// visitor in as the company's admin.
func (p *Page) openSite(w http.ResponseWriter, r *http.Request) {
	for _, place := range sitePlaces() {
		if place.name == r.FormValue("to") {
			p.marks.visit(place.name)
			p.hub.wake()
			http.Redirect(w, r, p.company.PublicURL()+place.path, http.StatusSeeOther)
			return
		}
	}

	pool := p.db.Load()
	if pool == nil {
		http.Error(w, "Parley is starting; try again in a moment.", http.StatusServiceUnavailable)
		return
	}

	link, err := site.SignInLink(r.Context(), pool, p.company.PublicURL(), Admin)
	if err != nil {
		p.options.Log.Error("demo: settings site", "error", err)
		http.Error(w, "The settings site can't be opened: "+err.Error(), http.StatusInternalServerError)
		return
	}

	http.Redirect(w, r, link, http.StatusSeeOther)
}

// visit records that the visitor has opened a page of the site from the tour.
func (m *marks) visit(place string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.site[place] = true
}

// hasVisited reports whether visit was called for a page.
func (m *marks) hasVisited(place string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.site[place]
}
