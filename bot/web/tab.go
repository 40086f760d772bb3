package web

import (
	"net/http"

	"github.com/alexedwards/scs/v2"
)

// TabPath is the page by which the site is opened in a frame of a chat's client, such as a tab of Teams. Signing in there
// begins a session of another kind: its cookie is sent in that frame only. Only this page, and pages in such a session, may
// be shown in a frame, and only by Options.Ancestors. So the pages of a normal session are never in a frame.
const TabPath = "/auth/tab"

// tabCookie is the session of pages in a frame. Its prefix lets browsers take it from this host alone, by https.
const tabCookie = "__Host-parley_tab"

// newTabs makes the sessions of pages in a frame, like those of normal pages. Browsers send their cookie although the page
// around them is another site's, and keep a separate cookie for each such site (Partitioned). Forms that other sites send
// are refused as everywhere, by http.CrossOriginProtection, which doesn't depend on cookies.
func newTabs(normal *scs.SessionManager) *scs.SessionManager {
	m := scs.New()
	m.Store = normal.Store
	m.HashTokenInStore = normal.HashTokenInStore
	m.Lifetime = normal.Lifetime
	m.ErrorFunc = normal.ErrorFunc
	m.Cookie = normal.Cookie
	m.Cookie.Name = tabCookie
	m.Cookie.SameSite = http.SameSiteNoneMode
	m.Cookie.Secure = true
	m.Cookie.Partitioned = true
	return m
}

// isInFrame reports whether a request belongs to pages in a frame: it is for TabPath, or has the session of such pages and
// no normal one.
func (s *Site) isInFrame(r *http.Request) bool {
	if !s.mayBeFramed() {
		return false
	}
	if r.URL.Path == TabPath {
		return true
	}
	_, errNormal := r.Cookie(s.sessions.Cookie.Name)
	_, errTab := r.Cookie(tabCookie)
	return errTab == nil && errNormal != nil
}

// mayBeFramed reports whether anybody may show the site in a frame now.
func (s *Site) mayBeFramed() bool { return s.tabSessions != nil && len(s.opt.Ancestors()) > 0 }

// isFramed reports whether the page is, or will be, in a frame.
func (v *Visit) isFramed() bool {
	if !v.site.mayBeFramed() {
		return false
	}
	return v.sessions == v.site.tabSessions || v.Request.Header.Get("Sec-Fetch-Dest") == "iframe"
}

// sessionsOf returns the kind of sessions that a request uses.
func (s *Site) sessionsOf(r *http.Request) *scs.SessionManager {
	if s.isInFrame(r) {
		return s.tabSessions
	}
	return s.sessions
}

// withSession loads the session of each request, and stores what the page changes in it.
func (s *Site) withSession(next http.Handler) http.Handler {
	normal := s.sessions.LoadAndSave(next)
	if s.tabSessions == nil {
		return normal
	}
	framed := s.tabSessions.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.isInFrame(r) {
			framed.ServeHTTP(w, r)
			return
		}
		normal.ServeHTTP(w, r)
	})
}
