package demo

import (
	"net/http"

	"parley/cmd/parley/site"
)

// admin is whose settings site the demo opens.
const admin = "ann@acme.test"

// openSite leads to the settings site of the demo's Parley, by a link that signs its admin in.
func (p *Page) openSite(w http.ResponseWriter, r *http.Request) {
	pool := p.db.Load()
	if pool == nil {
		http.Error(w, "Parley is starting; try again in a moment.", http.StatusServiceUnavailable)
		return
	}
	link, err := site.AdminLink(r.Context(), pool, p.world.o.PublicURL, admin)
	if err != nil {
		p.o.Log.Error("demo: settings site", "error", err)
		http.Error(w, "The settings site can't be opened: "+err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, link, http.StatusSeeOther)
}
