// Package web is the framework of Parley's web site, which agents and admins open in a browser. It provides sessions,
// permissions, rate limits, security headers, page templates and forms.
//
// The pages themselves are in the packages below this one, the areas (see Area). A handler gets a Visit:
//
//	func (p pages) showTag(v *web.Visit) error {
//		tag, err := p.desk.Tag(v.Context(), v.Request.PathValue("name"))
//		if err != nil {
//			return err
//		}
//		return v.Show("tag", web.Screen{Title: tag.Name, Data: tag})
//	}
//
// Each area has an interface Desk for its data, which cmd/parley/site implements.
package web

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"parley/bridge"
)

// Person is a signed-in agent.
type Person struct {
	ID    bridge.AgentID
	Email string
	Name  string
	Zone  *time.Location // for times on pages; nil means that of Options.Now
	Admin bool
	Super bool // a super-admin; Admin is also true

	Blocked bool // may see the blocked senders, as admins may, and whose role opens them

	SignedOut time.Time // when the agent last ended all sessions
}

// ErrNobody means that there is no active agent with an id.
var ErrNobody = errors.New("web: no such agent")

// People reads agents.
type People interface {
	// Person returns an agent. It returns ErrNobody if there is none.
	Person(ctx context.Context, id bridge.AgentID) (Person, error)

	// SignOutEverywhere ends all sessions of an agent.
	SignOutEverywhere(ctx context.Context, id bridge.AgentID) error
}

// Options configure a Site. All but Version, Now, Tokens, Proxies and Ancestors are required.
type Options struct {
	Company  func(ctx context.Context) string // returns the company's name, which all pages show
	Version  string                           // Parley's version, in the footer for signed-in people; "" hides it
	People   People
	Sessions scs.CtxStore // stores sessions by the hashes of their tokens
	Secure   bool         // browsers use https
	Log      *slog.Logger
	Areas    []Area
	Now      func() time.Time // nil means time.Now
	Tokens   Tokens           // looks up API tokens; nil means that there are none

	// Proxies are the networks of trusted proxies, in addition to private networks. See limits.visitorAddress.
	Proxies []netip.Prefix

	// Ancestors returns the origins that may show the site in a frame now, as in a Content-Security-Policy (see tab.go). If
	// it is nil or returns none, the site can't be framed.
	Ancestors func() []string
}

// sessionLifetime is the lifetime of a session.
const sessionLifetime = 7 * 24 * time.Hour

// Site serves the pages of all areas. It is safe for concurrent use.
type Site struct {
	opt         Options
	sessions    *scs.SessionManager
	tabSessions *scs.SessionManager     // of pages in a frame; nil if the site can't be framed
	templates   map[string]pageTemplate // by "area/name"
	assets      *assets
	limits      *limits
	routes      []Route
}

// pageTemplate returns the template of a page. The first call parses it.
type pageTemplate func() (*template.Template, error)

// New returns a site. It returns an error if the base template is invalid or an area has no templates.
func New(o Options) (*Site, error) {
	if o.Now == nil {
		o.Now = time.Now
	}

	s := &Site{
		opt:       o,
		sessions:  newSessions(o),
		assets:    newAssets(),
		limits:    newLimits(o.Now, o.Proxies),
		templates: map[string]pageTemplate{},
	}

	o.Areas = append(slices.Clone(o.Areas), ownArea())
	s.opt.Areas = o.Areas
	if o.Ancestors != nil {
		s.tabSessions = newTabs(s.sessions)
	}

	base, err := s.parseBase()
	if err != nil {
		return nil, err
	}

	for _, a := range o.Areas {
		if err := s.addTemplates(base, a); err != nil {
			return nil, err
		}

		for _, r := range a.Routes {
			r.area = a.Name
			s.routes = append(s.routes, r)
		}
	}
	return s, nil
}

func newSessions(o Options) *scs.SessionManager {
	m := scs.New()
	m.Store = o.Sessions
	m.HashTokenInStore = true
	m.Lifetime = sessionLifetime
	m.Cookie.Name = "parley_session"
	m.Cookie.Secure = o.Secure
	m.Cookie.SameSite = http.SameSiteLaxMode // sent when a link in a chat opens a page
	m.Cookie.HttpOnly = true
	m.Cookie.Path = "/"
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		if isByLeaving(r.Context(), err) {
			panic(http.ErrAbortHandler)
		}
		o.Log.Error("site: sessions", "error", err)
		http.Error(w, "Parley's database can't be reached just now. Try again in a moment.", http.StatusServiceUnavailable)
	}
	return m
}

// addTemplates adds the templates of an area. base has the parts that all pages share. Each template is parsed, together
// with a copy of base, when its page is first shown: parsing all of them would slow down the start.
func (s *Site) addTemplates(base *template.Template, a Area) error {
	if a.Templates == nil {
		return nil
	}

	names, err := templateNames(a)
	if err != nil {
		return err
	}

	for _, name := range names {
		s.templates[a.Name+"/"+strings.TrimSuffix(name, ".html")] = sync.OnceValues(func() (*template.Template, error) {
			t, err := base.Clone()
			if err != nil {
				return nil, err
			}
			return t.Funcs(a.Funcs).ParseFS(a.Templates, name)
		})
	}
	return nil
}

// Handler returns the handler of the whole site.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+assetPath+"{name}", s.assets)
	routes := slices.Concat(s.routes, formerAddresses(s.routes))
	for _, r := range slices.Concat(routes, otherMethods(routes)) {
		mux.Handle(r.Pattern, s.guardRoute(r))
	}
	mux.Handle("/", s.guardRoute(Route{For: Anyone, Do: (*Visit).NotFound}))

	var crossSite http.CrossOriginProtection
	crossSite.SetDenyHandler(s.guardRoute(Route{For: Anyone, Do: func(v *Visit) error {
		return v.Refuse(http.StatusForbidden, "This came from another site.", "Open the page here and send the form again.")
	}}))
	return s.withHeaders(s.withSession(crossSite.Handler(mux)))
}

// Paths returns the path patterns that Handler has to be registered for. Those with a trailing slash are prefixes.
func Paths() []string { return append(pagePaths(), programPath) }

func pagePaths() []string { return []string{"/settings", "/settings/", "/inbox", "/inbox/", "/auth/"} }

// Routes returns a copy of all routes, for tests.
func (s *Site) Routes() []Route { return slices.Clone(s.routes) }

// policy is the Content-Security-Policy: pages load and run only what the site itself serves. The allowed frame ancestors
// are appended.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors "

// withHeaders wraps a handler so that all responses have the security headers.
func (s *Site) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy+"'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		if s.isInFrame(r) {
			h.Set("Content-Security-Policy", policy+strings.Join(s.opt.Ancestors(), " "))
			h.Del("X-Frame-Options") // can't list several origins
		}

		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if s.opt.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}

		next.ServeHTTP(w, r)
	})
}
