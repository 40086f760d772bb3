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

	"parley/bot/slack"
)

//go:embed web
var web embed.FS

// PageOptions shape a Page.
type PageOptions struct {
	Clock   *Clock        // of the world; nil = one that only Parley's clock follows
	Hold    time.Duration // how long a reply can be undone; said in the tour
	Log     *slog.Logger
	Address string        // host:port where the page is served; "" = any host is answered (tests)
	Chosen  bool          // somebody chose the world's home: a browser's last choice doesn't count
	CutFor  time.Duration // how long a line stays cut when nobody plugs it in; 0 = a minute
}

// Page is the demo's page: a customer's mailbox and phone beside a small Slack. It is an
// http.Handler; Run must run beside it. All of it is for one person on one machine:
// who can open the page can act as everybody.
type Page struct {
	o         PageOptions
	world     *World
	mux       *http.ServeMux
	index     *template.Template
	shortcuts []shortcut
	commands  []slashCommand
	teamsApp  teamsApp
	chosen    atomic.Bool // somebody chose the surface
	phase     atomic.Pointer[string]
	db        atomic.Pointer[pgxpool.Pool]
	applyHome atomic.Pointer[func(context.Context) error] // makes the world's home Parley's; nil: there is no Parley yet
	hub       hub
	plugs     plugs
	witness   witness

	mu   sync.Mutex
	seen map[string]bool   // mails that were opened, by mailKey
	read map[string]string // the last message in Teams that was seen, by readKey
}

// NewPage prepares the page of a world.
func NewPage(w *World, o PageOptions) (*Page, error) {
	if o.Clock == nil {
		o.Clock = &Clock{}
	}
	o.CutFor = cmp.Or(o.CutFor, cutFor)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Page{o: o, world: w, mux: http.NewServeMux(), seen: map[string]bool{}, read: map[string]string{}}
	p.SetPhase("")
	var err error
	if p.index, err = template.ParseFS(web, "web/index.html"); err != nil {
		return nil, fmt.Errorf("demo: page: %w", err)
	}
	if err := errors.Join(p.readManifest(), p.readTeamsManifest()); err != nil {
		return nil, err
	}
	p.chosen.Store(o.Chosen)
	assets, err := fs.Sub(web, "web")
	if err != nil {
		return nil, fmt.Errorf("demo: page: %w", err)
	}
	p.mux.HandleFunc("GET /{$}", p.showIndex)
	p.mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	p.mux.HandleFunc("GET /archives/{channel}/{message}", p.followLink)
	p.mux.HandleFunc("GET /state", p.showState)
	p.mux.HandleFunc("GET /journey", p.showJourney)
	p.mux.HandleFunc("GET /events", p.streamEvents)
	p.mux.HandleFunc("GET /mail/open", p.openMail)
	p.mux.HandleFunc("GET /mail/html", p.mailHTML)
	p.mux.HandleFunc("GET /mail/file", p.mailFile)
	p.mux.HandleFunc("GET /slack/files/{id}", p.slackFile)
	p.mux.HandleFunc("POST /mail/customer", p.addCustomer)
	p.mux.HandleFunc("POST /phone/{verb}", p.useChat)
	p.mux.HandleFunc("GET /phone/file", p.chatPicture)
	p.mux.HandleFunc("POST /clock", p.moveClock)
	p.mux.HandleFunc("POST /plug", p.movePlug)
	p.mux.HandleFunc("POST /reset", p.reset)
	p.mux.HandleFunc("GET /journal", p.showJournal)
	p.mux.HandleFunc("POST /surface", p.chooseSurface)
	p.teamsRoutes()
	// What people do in Slack and in their mail programs, the emulators take as it is.
	p.mux.Handle("POST /_fake/person/", w.Slack)
	p.mux.Handle("POST /_fake/mail/send", w.Mail.Control())
	p.mux.Handle("POST /_fake/mail/reply", w.Mail.Control())
	return p, nil
}

// SetPhase says what is being waited for while the engine is not connected.
func (p *Page) SetPhase(text string) {
	p.phase.Store(&text)
	p.hub.wake()
}

// SetDatabase gives the page Parley's migrated database.
func (p *Page) SetDatabase(pool *pgxpool.Pool) {
	p.db.Store(pool)
	p.hub.wake()
}

// setHome gives the page the way to tell Parley where conversations open; nil: none.
func (p *Page) setHome(apply func(context.Context) error) {
	if apply == nil {
		p.applyHome.Store(nil)
		return
	}
	p.applyHome.Store(&apply)
}

// Run tells open pages of changes until ctx ends.
func (p *Page) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	wait.Go(func() { p.watchSlack(ctx) })
	wait.Go(func() { p.watchTeams(ctx) })
	wait.Go(func() { p.watchMail(ctx) })
	wait.Go(func() { p.watchPhones(ctx) })
	wait.Go(func() { p.watchDatabase(ctx) })
	wait.Go(func() { p.watchPlugs(ctx) })
	wait.Go(func() { p.watchJournal(ctx) })
	wait.Wait()
	return nil
}

// ServeHTTP answers the browser. Other sites can neither send forms here nor reach the
// page under a name of theirs.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.ours(r.Host) {
		http.Error(w, "This page is served under "+p.o.Address+" only.", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"connect-src 'self'; frame-src 'self' "+p.world.o.PublicURL+"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	http.NewCrossOriginProtection().Handler(p.mux).ServeHTTP(w, r)
}

// ours tells names of this machine from names that somebody pointed at it. A page that
// listens on more than loopback is meant for other names.
func (p *Page) ours(host string) bool {
	bound, port, err := net.SplitHostPort(p.o.Address)
	if ip := net.ParseIP(bound); err != nil || ip != nil && !ip.IsLoopback() {
		return true
	}
	name, asked, err := net.SplitHostPort(host)
	if err != nil || asked != port {
		return false
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// shortcut is an entry of a message's menu.
type shortcut struct {
	Name     string `json:"name"`
	Callback string `json:"callback_id"`
	Type     string `json:"type"` // message, or global: beside the message box, where the page has /parley
}

// slashCommand is a command that can be typed.
type slashCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint"`
}

// readManifest learns from Parley's own manifest what Slack would offer.
func (p *Page) readManifest() error {
	raw, err := slack.Manifest(slack.ManifestOptions{})
	if err != nil {
		return err
	}
	var m struct {
		Features struct {
			Shortcuts []shortcut     `json:"shortcuts"`
			Commands  []slashCommand `json:"slash_commands"`
		} `json:"features"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("demo: manifest: %w", err)
	}
	p.shortcuts = slices.DeleteFunc(m.Features.Shortcuts, func(s shortcut) bool { return s.Type != "message" })
	p.commands = m.Features.Commands
	return nil
}

// boot is what the page's script needs once.
type boot struct {
	Support   string         `json:"support"`
	Help      string         `json:"help"`
	Hold      int            `json:"hold"` // seconds
	Shortcuts []shortcut     `json:"shortcuts"`
	Commands  []slashCommand `json:"commands"`
	Agents    []string       `json:"agents"`
	Customer  string         `json:"customer"`
	Home      string         `json:"home"`   // surface
	Chosen    bool           `json:"chosen"` // somebody chose it
	Teams     *teamsBoot     `json:"teams"`  // nil: there is only Slack
}

func (p *Page) showIndex(w http.ResponseWriter, _ *http.Request) {
	all := personas()
	b := boot{Support: Support, Help: HelpAddress, Hold: int(p.o.Hold.Seconds()), Shortcuts: p.shortcuts, Commands: p.commands,
		Agents: []string{Ann, Ben, Zoe}, Customer: all[len(all)-1].Address, Home: p.world.Home(), Chosen: p.chosen.Load(), Teams: p.teamsBoot()}
	var page strings.Builder
	if err := p.index.Execute(&page, map[string]any{"Boot": b}); err != nil {
		p.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(page.String()))
}

// followLink opens the page at a message that a permalink names.
// Shape: /archives/C0SUPPORT01/p1700000000000100?thread_ts=1700000000.000100
func (p *Page) followLink(w http.ResponseWriter, r *http.Request) {
	channel, digits := r.PathValue("channel"), strings.TrimPrefix(r.PathValue("message"), "p")
	ts := r.FormValue("thread_ts")
	if ts == "" && len(digits) > 6 {
		ts = digits[:len(digits)-6] + "." + digits[len(digits)-6:]
	}
	if p.world.Slack.Message(channel, ts) == nil {
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/#"+channel+"/"+ts, http.StatusSeeOther)
}

// errNotYet is answered while there is no database.
var errNotYet = errors.New("Parley is not ready yet; try again in a moment") //nolint:staticcheck // people read it

func (p *Page) moveClock(w http.ResponseWriter, r *http.Request) {
	pool := p.db.Load()
	if pool == nil {
		refuse(w, http.StatusServiceUnavailable, errNotYet)
		return
	}
	by := time.Hour
	switch to := r.FormValue("to"); to {
	case "hour":
	case "morning":
		by = untilMorning(p.o.Clock.Now())
	case "day":
		by = 24 * time.Hour
	default:
		refuse(w, http.StatusBadRequest, fmt.Errorf("the clock can't jump to %q", to))
		return
	}
	if err := p.o.Clock.Move(r.Context(), pool, by); err != nil {
		p.fail(w, err)
		return
	}
	p.hub.wake()
	answer(w, map[string]bool{"ok": true})
}

// answer writes JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// refuse says what the person did wrong.
func refuse(w http.ResponseWriter, code int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}

// fail says that something of ours broke.
func (p *Page) fail(w http.ResponseWriter, err error) {
	p.o.Log.Error("page", "error", err)
	refuse(w, http.StatusInternalServerError, errors.New("Something broke in the demo; its log says what.")) //nolint:staticcheck // people read it
}
