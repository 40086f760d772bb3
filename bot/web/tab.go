package web

import (
	"net/http"

	"github.com/alexedwards/scs/v2"
)

// TabPath is the page by which the site is opened in a frame of a chat's client, such as a tab of Teams. Who signs in
// there gets a session of its own kind: its cookie is sent in that frame, and nowhere else. Only that page, and pages in
// such a session, may be shown in a frame, and only by Options.Ancestors. So a page of whoever is signed in as usual is
// never in a frame.
const TabPath = "/auth/tab"

// tabCookie is the session of pages in a frame. Its prefix lets browsers take it from this host alone, by https.
const tabCookie = "__Host-parley_tab"

// newTabs makes the sessions of pages in a frame. Browsers send their cookie although another site's page is around
// them, and keep it apart for each such site (Partitioned). Forms that other sites send are refused as everywhere, by
// http.CrossOriginProtection, which doesn't ask for cookies.
func newTabs(usual *scs.SessionManager) *scs.SessionManager {
	m := scs.New()
	m.Store, m.HashTokenInStore, m.Lifetime, m.ErrorFunc = usual.Store, usual.HashTokenInStore, usual.Lifetime, usual.ErrorFunc
	m.Cookie = usual.Cookie
	m.Cookie.Name, m.Cookie.SameSite, m.Cookie.Secure, m.Cookie.Partitioned = tabCookie, http.SameSiteNoneMode, true, true
	return m
}

// inFrame says that a request belongs to pages in a frame: it is for TabPath, or has the session of such pages and no
// usual one.
func (s *Site) inFrame(r *http.Request) bool {
	if !s.framable() {
		return false
	}
	if r.URL.Path == TabPath {
		return true
	}
	_, usual := r.Cookie(s.sessions.Cookie.Name)
	_, tab := r.Cookie(tabCookie)
	return tab == nil && usual != nil
}

// framable says that somebody may show the site in a frame just now.
func (s *Site) framable() bool { return s.tabs != nil && len(s.opt.Ancestors()) > 0 }

// framed says that the page is, or is to be, in a frame.
func (v *Visit) framed() bool {
	return v.site.framable() && (v.sessions == v.site.tabs || v.Request.Header.Get("Sec-Fetch-Dest") == "iframe")
}

// sessionsOf returns the sessions to which that of a request belongs.
func (s *Site) sessionsOf(r *http.Request) *scs.SessionManager {
	if s.inFrame(r) {
		return s.tabs
	}
	return s.sessions
}

// withSession reads a request's session, and keeps what the page changes in it.
func (s *Site) withSession(next http.Handler) http.Handler {
	usual := s.sessions.LoadAndSave(next)
	if s.tabs == nil {
		return usual
	}
	framed := s.tabs.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.inFrame(r) {
			framed.ServeHTTP(w, r)
			return
		}
		usual.ServeHTTP(w, r)
	})
}
