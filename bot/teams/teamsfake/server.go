package teamsfake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"parley/channels/emulator"
)

// Server is one emulated organisation with one bot: Teams, the Bot Connector, Entra's token
// endpoint, Bot Framework's keys, Graph and SharePoint; its addresses, and what can be seen in
// it. It is an http.Handler; Start gives it a listener of its own. Its methods, and those of its
// parts, may be called at any time from any goroutine.
type Server struct {
	*ground
	*emulator.FaultPlan
	stop context.CancelFunc
	mux  *http.ServeMux
	http *http.Server

	// Admin does what administrators and owners of teams do.
	Admin *Administrator
	// Entra grants permissions and gives tokens.
	Entra *Entra
	// Activities tells which activities the bot took, late or not at all.
	Activities *Activities
	// Forger sends what Teams itself would never send.
	Forger *Forger

	org       *organisation
	files     *library
	announcer *announcer
	composer  *composer
	invokes   *invokes
	journal   *journal
	connector *connector
	graphView *graphView
}

// New makes an organisation. Close must be called to end its goroutines.
func New(o Options) *Server {
	o = o.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	g := &ground{opt: o, ctx: ctx, born: strconv.FormatInt(o.Clock().UnixMicro(), 10), log: emulator.NewChanges[Change](ctx.Done())}
	if o.Manifest != nil {
		g.app = &manifest{}
		if err := json.Unmarshal(o.Manifest, g.app); err != nil {
			panic(fmt.Errorf("teamsfake: manifest: %w", err))
		}
	}
	s := &Server{ground: g, FaultPlan: emulator.NewFaultPlan(o.Seed, g.now), stop: stop, mux: http.NewServeMux()}
	s.connect()
	if err := s.Entra.keys.rotate("key-first", false); err != nil {
		panic(err) // no randomness: nothing works on this machine
	}
	s.mu.Lock()
	s.seed()
	s.mu.Unlock()
	return s
}

// connect makes the parts of the organisation, tells each of those that it needs, and gives
// them their addresses.
func (s *Server) connect() {
	g := s.ground
	s.journal = &journal{ground: g, faults: s.FaultPlan}
	s.Entra = &Entra{ground: g, journal: s.journal}
	if s.opt.Unsigned {
		s.Entra.signing = TokenNone
	}
	s.Activities = &Activities{ground: g, entra: s.Entra, faults: s.FaultPlan, client: newClient()}
	s.org = &organisation{ground: g}
	s.files = &library{ground: g, org: s.org}
	s.announcer = &announcer{ground: g, org: s.org, files: s.files, entra: s.Entra, activities: s.Activities}
	s.composer = &composer{ground: g, org: s.org, files: s.files}
	s.invokes = &invokes{ground: g, org: s.org, announcer: s.announcer, activities: s.Activities, faults: s.FaultPlan}
	s.graphView = &graphView{ground: g, org: s.org, files: s.files}
	s.Admin = &Administrator{
		ground: g, org: s.org, files: s.files, entra: s.Entra, announcer: s.announcer, activities: s.Activities,
	}
	s.Forger = &Forger{ground: g, org: s.org, announcer: s.announcer, activities: s.Activities}
	s.connector = &connector{
		ground: g, org: s.org, files: s.files, entra: s.Entra, journal: s.journal, reader: &reader{ground: g, org: s.org, files: s.files},
	}
	reads := &graph{ground: g, org: s.org, files: s.files, entra: s.Entra, journal: s.journal, view: s.graphView}
	s.Entra.routes(s.mux)
	s.connector.routes(s.mux)
	reads.routes(s.mux)
	(&driver{srv: s}).routes()
}

func (s *Server) seed() {
	s.ClearFaults()
	s.region, s.problems = s.opt.Region, nil
	s.Entra.reset()
	s.org.reset()
	s.files.reset()
	s.invokes.reset()
	s.journal.reset()
	s.connector.reset()
	s.Activities.reset()
	for _, u := range s.opt.Users {
		s.org.putUser(u)
	}
	for _, t := range s.opt.Teams {
		s.org.putTeam(t)
	}
	for _, c := range s.opt.Channels {
		s.org.putChannel(c)
	}
}

// Reset returns to the seed of Options: messages, dialogs, faults, calls and tokens go, the
// app is installed nowhere. The bot's address stays; undelivered activities are forgotten.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seed()
	s.note(Change{Kind: "reset"})
}

// Start listens on addr (host:port, port 0 picks one) and serves until Close.
// Errors: those of net.Listen.
func (s *Server) Start(addr string) error {
	srv, address, err := emulator.Serve(s.ctx, &s.wg, addr, s, func(err error) { s.opt.Log.Error("teams emulator stopped", "error", err) })
	if err != nil {
		return fmt.Errorf("teamsfake: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.http, s.url = srv, address
	return nil
}

// Close ends connections and goroutines and waits for them.
func (s *Server) Close() error {
	s.stop()
	var err error
	if s.http != nil {
		err = s.http.Close()
	}
	s.wg.Wait()
	s.Activities.client.CloseIdleConnections()
	return err
}

// ServeHTTP serves all emulated hosts, each under a path of its own, and /_fake/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SetURL makes all addresses that the bot gets begin with another one than the listener's:
// that of a proxy before it, such as http://127.0.0.1:4711.
func (s *Server) SetURL(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = address
}

// AppID is the bot's client id.
func (s *Server) AppID() string { return s.opt.AppID }

// AppPassword is the bot's client secret.
func (s *Server) AppPassword() string { return s.opt.AppPassword }

// TenantID is the organisation's.
func (s *Server) TenantID() string { return s.opt.TenantID }

// BotID is the bot's id in conversations, 28: and the app id.
func (s *Server) BotID() string { return s.opt.botID() }

// LoginURL stands for https://login.microsoftonline.com.
func (s *Server) LoginURL() string { return s.URL() + "/login" }

// OpenIDURL is the address of the Bot Framework's OpenID metadata.
func (s *Server) OpenIDURL() string {
	return s.URL() + "/botframework/v1/.well-known/openidconfiguration"
}

// GraphURL stands for https://graph.microsoft.com/v1.0.
func (s *Server) GraphURL() string { return s.URL() + "/graph/v1.0" }

// Problems lists what the bot sent that clients do not show as it was meant, oldest first.
// A test of a bot wants none.
func (s *Server) Problems() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Problem(nil), s.problems...)
}
