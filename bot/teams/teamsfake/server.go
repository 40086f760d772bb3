package teamsfake

import (
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
	*emulator.Host
	*emulator.FaultPlan

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
	host := emulator.NewHost("teamsfake", o.Log)
	g := &ground{opt: o, host: host, ctx: host.Context(), born: strconv.FormatInt(o.Clock().UnixMicro(), 10)}
	g.log = emulator.NewChanges[Change](g.ctx.Done())
	if o.Manifest != nil {
		g.app = &manifest{}
		if err := json.Unmarshal(o.Manifest, g.app); err != nil {
			panic(fmt.Errorf("teamsfake: manifest: %w", err))
		}
	}
	s := &Server{ground: g, Host: host, FaultPlan: emulator.NewFaultPlan(o.Seed, g.now)}
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
	mux := http.NewServeMux() // each emulated host under a path of its own, and /_fake/
	s.Entra.routes(mux)
	s.connector.routes(mux)
	reads.routes(mux)
	(&driver{srv: s}).routes(mux)
	s.Handler = mux
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

// Close ends connections and goroutines and waits for them.
func (s *Server) Close() error {
	err := s.Host.Close()
	s.Activities.client.CloseIdleConnections()
	return err
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
