// Package web is the base of the site that agents and admins open in a browser: who is signed in, which pages there are and
// who may see them, what surrounds each page, and forms. The pages stand in the packages below it, the areas.
//
// What does not belong here: one page's words and data (its area); what is stored (store), and where the two meet
// (cmd/parley/site).
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

// Person is an agent who is signed in.
type Person struct {
	ID    bridge.AgentID
	Email string
	Name  string
	Zone  *time.Location // in which times are shown
	Admin bool
	Super bool // a super-admin, who is an admin, too

	SignedOut time.Time // when the agent last ended all sessions
}

// ErrNobody means that there is no such agent, or that the agent was deactivated.
var ErrNobody = errors.New("web: no such agent")

// People is what the site asks about agents.
type People interface {
	// Person reads an agent. Errors: ErrNobody.
	Person(ctx context.Context, id bridge.AgentID) (Person, error)

	// SignOutEverywhere ends all sessions of an agent.
	SignOutEverywhere(ctx context.Context, id bridge.AgentID) error
}

// Options of a Site. All but Version, Now, Tokens, Proxies and Ancestors are required.
type Options struct {
	Company  func(ctx context.Context) string // returns the company's name, which all pages show
	Version  string                           // of Parley, at the foot of each page for whoever is signed in; "" if it isn't shown
	People   People
	Sessions scs.CtxStore // stores sessions, by the hashes of their tokens
	Secure   bool         // browsers reach the site by https
	Log      *slog.Logger
	Areas    []Area
	Now      func() time.Time // nil means time.Now
	Tokens   Tokens           // by which programs are known; nil if there are none

	// Proxies are networks of our own proxies, beside private ones. They tell by a header who asked them.
	Proxies []netip.Prefix

	// Ancestors returns the origins that may show the site in a frame now, as a Content-Security-Policy names them. Frames have
	// sessions of their own (see TabPath). If Ancestors is nil or returns none, nobody may.
	Ancestors func() []string
}

// sessionLifetime is how long somebody stays signed in.
const sessionLifetime = 7 * 24 * time.Hour

// Site answers all requests for pages, whichever area they belong to. An area is a group of pages: see Area.
type Site struct {
	opt         Options
	sessions    *scs.SessionManager
	tabSessions *scs.SessionManager     // of pages in a frame; nil if none may be shown in one
	templates   map[string]pageTemplate // by "area/name"
	assets      *assets
	limits      *limits
	routes      []Route
}

// pageTemplate returns the template of a page, which it parses at the first call.
type pageTemplate func() (*template.Template, error)

// New makes the site.
// Errors: the templates that surround all pages, or an area's list of templates, can't be read.
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

	o.Areas = append(slices.Clone(o.Areas), refusalArea())
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
	m.Cookie.SameSite = http.SameSiteLaxMode // so that a link in a chat opens the page signed in
	m.Cookie.HttpOnly = true
	m.Cookie.Path = "/"
	m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		o.Log.Error("site: sessions", "error", err)
		http.Error(w, "Parley's database can't be reached just now. Try again in a moment.", http.StatusServiceUnavailable)
	}
	return m
}

// addTemplates adds the templates of an area. Each is parsed when its page is first shown, on top of a copy of base, which
// surrounds all pages. To parse all of them at the start would make it slow.
func (s *Site) addTemplates(base *template.Template, a Area) error {
	if a.Templates == nil {
		return nil
	}

	names, err := globHTML(a)
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

// Handler answers the requests of all routes.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+assetPath+"{name}", s.assets)
	routes := slices.Concat(s.routes, formerAddresses(s.routes))
	for _, r := range slices.Concat(routes, otherMethods(routes)) {
		mux.Handle(r.Pattern, s.guardRoute(r))
	}
	mux.Handle("/", s.guardRoute(Route{For: Anyone, Do: func(v *Visit) error { return v.NotFound() }}))
	var crossSite http.CrossOriginProtection
	crossSite.SetDenyHandler(s.guardRoute(Route{For: Anyone, Do: func(v *Visit) error {
		return v.Refuse(http.StatusForbidden, "This came from another site.", "Open the page here and send the form again.")
	}}))
	return s.withHeaders(s.withSession(crossSite.Handler(mux)))
}

// Paths returns the prefixes of the addresses that the site answers.
func Paths() []string { return append(pagePaths(), programPath) }

func pagePaths() []string { return []string{"/settings", "/settings/", "/inbox", "/inbox/", "/auth/"} }

// Routes lists all routes, for tests that go through them.
func (s *Site) Routes() []Route { return slices.Clone(s.routes) }

// policy lets a page load only what the site itself serves, and run only the site's script. Whoever may show the page in a
// frame is appended to it.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors "

// withHeaders sets the headers that every answer has.
func (s *Site) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy+"'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		if s.isInFrame(r) {
			h.Set("Content-Security-Policy", policy+strings.Join(s.opt.Ancestors(), " "))
			h.Del("X-Frame-Options") // this header can't name several origins
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
