package demo

import (
	"net/http"

	"parley/cmd/parley/demo/company"
	"parley/cmd/parley/site"
)

// sitePlace is a page of the site to which the tour leads.
type sitePlace struct{ name, path string }

func sitePlaces() []sitePlace {
	return []sitePlace{{"settings", "/settings/accounts"}, {"dashboard", "/settings/dashboard?days=91"}, {"inbox", "/inbox?list=all"}}
}

// openSite leads to the site of the demo's Parley. If the request names one of sitePlaces as "to", it leads to that page,
// which asks people to sign in who have not. Otherwise it leads to the settings, by a link that signs the admin in.
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

	link, err := site.SignInLink(r.Context(), pool, p.company.PublicURL(), company.Admin)
	if err != nil {
		p.options.Log.Error("demo: settings site", "error", err)
		http.Error(w, "The settings site can't be opened: "+err.Error(), http.StatusInternalServerError)
		return
	}

	http.Redirect(w, r, link, http.StatusSeeOther)
}

// visit notes that the tour led to a page of the site.
func (m *marks) visit(place string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.site[place] = true
}

func (m *marks) hasVisited(place string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.site[place]
}
