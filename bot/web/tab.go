package web

import (
	"net/http"

	"github.com/alexedwards/scs/v2"
)

// The site can be shown in a frame (iframe) of a chat's client, such as a tab of Microsoft Teams. Pages in a frame are a
// target of clickjacking, so they are kept apart from normal pages:
//
//   - They have sessions of their own, with a cookie that browsers send only in that frame. A page in a normal session
//     can't be framed.
//   - Only the sites in Options.Ancestors may frame them.

// TabPath is the first page in a frame, on which people sign in there.
const TabPath = "/auth/tab"

// tabCookie is the session cookie in frames. The prefix makes browsers accept it only from this host, over https.
const tabCookie = "__Host-parley_tab"

// newTabs returns the manager of sessions in frames. Its cookie is sent although the page around the frame is another
// site's (SameSite=None), and each such site has a separate cookie (Partitioned). Cross-site form submissions are refused
// by http.CrossOriginProtection, which doesn't depend on cookies.
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

// isInFrame reports whether a request uses the sessions in frames: it is for TabPath, or has only the cookie of such a
// session.
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

// mayBeFramed reports whether any site may frame the pages now.
func (s *Site) mayBeFramed() bool { return s.tabSessions != nil && len(s.opt.Ancestors()) > 0 }

// isFramed reports whether the page is, or will be, in a frame.
func (v *Visit) isFramed() bool {
	if !v.site.mayBeFramed() {
		return false
	}
	return v.sessions == v.site.tabSessions || v.Request.Header.Get("Sec-Fetch-Dest") == "iframe"
}

// sessionsOf returns the session manager of a request.
func (s *Site) sessionsOf(r *http.Request) *scs.SessionManager {
	if s.isInFrame(r) {
		return s.tabSessions
	}
	return s.sessions
}

// withSession wraps a handler so that it has the request's session, and saves changes of the session.
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
