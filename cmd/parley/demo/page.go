package demo

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed web
var web embed.FS

// PageOptions configure a Page.
type PageOptions struct {
	Clock   *Clock        // the company's clock; nil means that a jump moves Parley's and the page's clocks, but not the emulators'
	Hold    time.Duration // how long a reply can be undone; the tour mentions it
	Log     *slog.Logger
	Address string        // host:port at which the page is served; "" accepts requests for any host (tests)
	Chosen  bool          // the user has chosen the surface; it then overrides what the browser remembers
	CutFor  time.Duration // how long a cut connection stays cut unless the visitor restores it; 0 means a minute
}

// Page serves the demo's web page, which shows a customer's mailbox and phone next to a small emulation of Slack or Teams.
// A visitor plays both sides: for example, she writes a mail as a customer, sees Parley post it in Slack, and answers
// there as an agent. Slack and Teams are called surfaces.
//
// Page is an http.Handler; Run must run at the same time. The page is meant for one person on one machine, and has no
// access control: whoever can open it can act as every customer and agent.
type Page struct {
	*pageState
	mail    *mailPane
	phones  *phonePane
	slack   *slackPane
	teams   *teamsPane
	plugs   *plugs
	journal *journalPage

	mux       *http.ServeMux
	index     *template.Template
	chosen    atomic.Bool                                 // PageOptions.Chosen, or true after a choice on the page
	applyHome atomic.Pointer[func(context.Context) error] // makes Parley use company.Home; nil while Parley isn't set up
}

// pageState is the state that all parts of the page share.
type pageState struct {
	options PageOptions
	company *Company
	hub     hub
	db      atomic.Pointer[pgxpool.Pool] // nil while there is no migrated database
	marks   marks
}

// marks records what the customers and agents on the page have read.
type marks struct {
	mu   sync.Mutex
	seen map[string]bool   // mails and chat messages that were opened, by mailKey and chatKey
	read map[string]string // the last message in Teams that was read, by readKey
	site map[string]bool   // pages of the settings site that the tour has opened
}

// forgetAll deletes all marks.
func (m *marks) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = map[string]bool{}
	m.read = map[string]string{}
	m.site = map[string]bool{}
}

func (m *marks) hasSeen(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[key]
}

// markSeen marks a mail or a message as seen, and reports whether it was new.
func (m *marks) markSeen(key string) (isNew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	isNew = !m.seen[key]
	m.seen[key] = true
	return isNew
}

// NewPage returns the page of a company. A nil PageOptions.Log discards all log entries.
func NewPage(w *Company, o PageOptions) (*Page, error) {
	if o.Clock == nil {
		o.Clock = &Clock{}
	}

	o.CutFor = cmp.Or(o.CutFor, cutFor)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}

	h := &pageState{options: o, company: w}
	h.marks.forgetAll()
	phones := &phonePane{pageState: h}
	plugs := &plugs{pageState: h}
	p := &Page{
		pageState: h,
		mail:      &mailPane{pageState: h, phones: phones},
		phones:    phones,
		slack:     &slackPane{pageState: h},
		teams:     &teamsPane{pageState: h},
		plugs:     plugs,
		journal:   &journalPage{pageState: h, plugs: plugs, observer: NewObserver(w)},
		mux:       http.NewServeMux(),
	}

	plugs.setPhase("")
	var err error
	if p.index, err = template.ParseFS(web, "web/index.html"); err != nil {
		return nil, fmt.Errorf("demo: page: %w", err)
	}
	if err := errors.Join(p.slack.readManifest(), p.teams.readManifest()); err != nil {
		return nil, err
	}

	p.chosen.Store(o.Chosen)
	return p, p.addPageRoutes()
}

// addPageRoutes registers the handlers of all parts of the page.
func (p *Page) addPageRoutes() error {
	assets, err := fs.Sub(web, "web")
	if err != nil {
		return fmt.Errorf("demo: page: %w", err)
	}

	p.mux.HandleFunc("GET /{$}", p.showIndex)
	p.mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	p.mux.HandleFunc("GET /state", p.showState)
	p.mux.HandleFunc("GET /journey", p.showJourney)
	p.mux.HandleFunc("GET /events", p.streamEvents)
	p.mux.HandleFunc("POST /clock", p.moveClock)
	p.mux.HandleFunc("POST /surface", p.chooseSurface)
	p.mux.HandleFunc("POST /plug", p.plugs.movePlug)
	p.mux.HandleFunc("POST /reset", p.plugs.reset)
	p.mux.HandleFunc("GET /site", p.openSite)
	p.mux.HandleFunc("GET /journal", p.journal.showJournal)
	p.mail.addRoutes(p.mux)
	p.phones.addRoutes(p.mux)
	p.slack.addRoutes(p.mux)
	p.teams.addRoutes(p.mux)
	return nil
}

// SetDatabase sets Parley's database. Its schema must be up to date.
func (p *pageState) SetDatabase(pool *pgxpool.Pool) {
	p.db.Store(pool)
	p.hub.wake()
}

// startOver resets everything outside Parley, when the demo starts over.
// Errors: a cut connection can't be restored; another program has taken the phones' addresses.
func (p *Page) startOver(ctx context.Context) error {
	p.plugs.setPhase("Starting over …")
	err := errors.Join(p.plugs.plugInAll(ctx), p.company.Reset(ctx))
	p.options.Clock.Reset()
	p.journal.observer.Reset()
	p.marks.forgetAll()
	p.plugs.nextRound()
	p.hub.wake()
	return err
}

// Run notifies open pages of changes and runs the observer until ctx ends. It returns nil.
func (p *Page) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	wait.Go(func() { p.slack.watch(ctx) })
	wait.Go(func() { p.teams.watch(ctx) })
	wait.Go(func() { p.mail.watch(ctx) })
	wait.Go(func() { p.phones.watch(ctx) })
	wait.Go(func() { p.watchDatabase(ctx) })
	wait.Go(func() { p.plugs.watch(ctx) })
	wait.Go(func() { p.journal.watch(ctx) })
	wait.Wait()
	return nil
}

// ServeHTTP implements http.Handler. It rejects cross-origin requests but GET, HEAD and OPTIONS, and requests for a
// foreign host name (DNS rebinding).
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.isOurHost(r.Host) {
		http.Error(w, "This page is served under "+p.options.Address+" only.", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"connect-src 'self'; frame-src 'self' "+p.company.PublicURL()+"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	http.NewCrossOriginProtection().Handler(p.mux).ServeHTTP(w, r)
}

// isOurHost reports whether a request's Host header names this machine, and not a foreign domain that resolves to it. If
// the page listens on more than loopback, every host is accepted.
func (p *Page) isOurHost(host string) bool {
	bound, port, err := net.SplitHostPort(p.options.Address)
	if err != nil { // no address, as in tests
		return true
	}

	listensAt := net.ParseIP(bound)
	if listensAt != nil && !listensAt.IsLoopback() {
		return true
	}

	name, askedPort, err := net.SplitHostPort(host)
	if err != nil || askedPort != port {
		return false
	}

	ip := net.ParseIP(name)
	isLoopback := ip != nil && ip.IsLoopback()
	return isLoopback || name == "localhost"
}

// boot is the data that the page's script gets when it starts.
type boot struct {
	Support   string         `json:"support"` // id of the support channel in Slack
	Help      string         `json:"help"`    // the company's mail address
	Hold      int            `json:"hold"`    // seconds
	Shortcuts []shortcut     `json:"shortcuts"`
	Commands  []slashCommand `json:"commands"`
	Agents    []string       `json:"agents"`   // user ids
	Customer  string         `json:"customer"` // address of the customer who is shown first
	Home      string         `json:"home"`     // the surface in which conversations open
	Chosen    bool           `json:"chosen"`   // the user chose Home
	Teams     *teamsBoot     `json:"teams"`    // nil means there is only Slack
}

func (p *Page) showIndex(w http.ResponseWriter, _ *http.Request) {
	all := Personas()
	b := boot{
		Support:   Support,
		Help:      HelpAddress,
		Hold:      int(p.options.Hold.Seconds()),
		Shortcuts: p.slack.shortcuts,
		Commands:  p.slack.commands,
		Agents:    []string{Ann, Ben, Zoe},
		Customer:  all[len(all)-1].Address,
		Home:      p.company.Home(),
		Chosen:    p.chosen.Load(),
		Teams:     p.teams.newBoot(),
	}

	var page strings.Builder
	if err := p.index.Execute(&page, map[string]any{"Boot": b}); err != nil {
		p.failRequest(w, err)
		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(page.String()))
}

// errNotYet is the error of requests while there is no database.
var errNotYet = errors.New("Parley is not ready yet; try again in a moment") //nolint:staticcheck // people read it

func (p *Page) moveClock(w http.ResponseWriter, r *http.Request) {
	pool := p.db.Load()
	if pool == nil {
		writeError(w, http.StatusServiceUnavailable, errNotYet)
		return
	}

	by := time.Hour
	switch to := r.FormValue("to"); to {
	case "hour":
	case "morning":
		by = UntilMorning(p.options.Clock.Now())
	case "day":
		by = oneDay
	default:
		writeError(w, http.StatusBadRequest, fmt.Errorf("the clock can't jump to %q", to))
		return
	}

	if err := p.options.Clock.Move(r.Context(), pool, by); err != nil {
		p.failRequest(w, err)
		return
	}

	p.hub.wake()
	writeJSON(w, map[string]bool{"ok": true})
}

// chooseSurface serves POST /surface. The form value to is the surface in which conversations open from now on.
func (p *Page) chooseSurface(w http.ResponseWriter, r *http.Request) {
	to := r.FormValue("to")
	if !slices.Contains(p.company.Surfaces(), to) {
		writeError(w, http.StatusConflict, fmt.Errorf("conversations can't open in %q", to))
		return
	}

	p.company.SetHome(to)
	p.chosen.Store(true)

	if apply := p.applyHome.Load(); apply != nil { // if nil, Parley's pending set-up will apply it
		if err := (*apply)(r.Context()); err != nil {
			p.failRequest(w, err)
			return
		}
	}

	p.hub.wake()
	writeJSON(w, map[string]string{"home": to})
}

// writeJSON writes v as the response.
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// writeError writes an error for the visitor as the response.
func writeError(w http.ResponseWriter, code int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}

// failRequest logs an internal error and responds with status 500.
func (p *pageState) failRequest(w http.ResponseWriter, err error) {
	p.options.Log.Error("page", "error", err)
	what := errors.New("Something broke in the demo; its log says what.") //nolint:staticcheck // people read it
	writeError(w, http.StatusInternalServerError, what)
}
