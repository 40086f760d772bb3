package teamsfake

import (
	"net/http"

	"parley/bot/teams/teamsfake/admin"
	"parley/bot/teams/teamsfake/announce"
	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/connector"
	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/entra"
	"parley/bot/teams/teamsfake/graph"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// A Server is a stand-in for Microsoft Teams, for tests and the demo: one organisation with people, teams and
// channels, and one bot, Parley's. The bot is configured with the Server's addresses in place of Microsoft's. Tests
// then act as people (Server.As) and look at what the bot has posted.

// Server is one emulated organisation. It answers the bot's calls (of the Bot Connector, Entra, Graph and
// SharePoint), and sends the bot the activities that people cause. It is an http.Handler; Start makes it listen. All
// methods, also those of its parts, are safe for concurrent use.
type Server struct {
	*ground
	*emulator.Host
	*emulator.FaultPlan

	// Admin does what administrators and owners of teams do.
	Admin *admin.Administrator
	// Entra grants permissions and gives tokens.
	Entra *entra.Entra
	// Activities tells which activities the bot took, late or not at all.
	Activities *delivery.Activities
	// Forger sends what Teams itself would never send.
	Forger *announce.Forger

	org       *tenant.Directory
	files     *tenant.Library
	people    *people.People
	journal   *calls.Journal
	connector *connector.API
}

// New makes an organisation. The caller must Close it, which ends its goroutines.
func New(o tenant.Options) *Server {
	o = o.WithDefaults()
	host := emulator.NewHost("teamsfake", o.Log)
	if o.TLS {
		cert, err := emulator.NewCertificate()
		if err != nil {
			panic(err) // no randomness: nothing works on this machine
		}
		host.Certificate = cert
	}

	g := tenant.New(o, host)
	faults := emulator.NewFaultPlan(o.Seed, g.Now, FaultReset, FaultGarbage)
	s := &Server{ground: g, Host: host, FaultPlan: faults}
	s.connect()
	if err := s.Entra.Start(); err != nil {
		panic(err) // no randomness: nothing works on this machine
	}
	s.Mu.Lock()
	s.seedOrganisation()
	s.Mu.Unlock()
	return s
}

// connect makes the parts of the server, gives each those that it needs, and routes requests to them.
func (s *Server) connect() {
	g := s.ground
	s.journal = calls.New(g, s.FaultPlan)
	s.Entra = entra.New(g, s.journal)
	s.Activities = delivery.New(g, s.Entra, s.FaultPlan)
	s.org = tenant.NewDirectory(g)
	s.files = tenant.NewLibrary(s.org)
	announcer, view := announce.New(s.files, s.Entra, s.Activities), graph.NewView(s.files)
	s.people = people.New(announcer, view, s.FaultPlan)
	s.Admin = admin.New(announcer)
	s.Forger = announce.NewForger(announcer)
	s.connector = connector.New(s.files, s.Entra, s.journal)
	reads := graph.New(view, s.Entra, s.journal)
	mux := http.NewServeMux() // each emulated host under a path of its own, and /_fake/
	s.Entra.Routes(mux)
	s.connector.Routes(mux)
	reads.Routes(mux)
	(&driver{srv: s}).addRoutes(mux)
	s.Handler = mux
}

// seedOrganisation forgets everything, and then makes the people, teams and channels of Options. The caller holds the
// lock.
func (s *Server) seedOrganisation() {
	s.ClearFaults()
	s.ground.Reset()
	s.Entra.Reset()
	s.org.Reset()
	s.files.Reset()
	s.people.Reset()
	s.journal.Reset()
	s.connector.Reset()
	s.Activities.Reset()

	for _, u := range s.Opt.Users {
		s.org.PutUser(u)
	}

	for _, t := range s.Opt.Teams {
		s.org.PutTeam(t)
	}

	for _, c := range s.Opt.Channels {
		s.org.PutChannel(c)
	}
}

// Reset makes everything as it was at the start: messages, dialogs, faults, calls and tokens are forgotten, and the
// app isn't installed. The bot's address stays. Activities that the bot hasn't got yet are forgotten.
func (s *Server) Reset() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.seedOrganisation()
	s.Note(tenant.Change{Kind: "reset"})
}

// Close closes connections, ends all goroutines, and waits for them.
func (s *Server) Close() error {
	err := s.Host.Close()
	s.Activities.Disconnect()
	return err
}

// AppID is the bot's client id.
func (s *Server) AppID() string { return s.Opt.AppID }

// AppPassword is the bot's client secret.
func (s *Server) AppPassword() string { return s.Opt.AppPassword }

// TenantID is the organisation's.
func (s *Server) TenantID() string { return s.Opt.TenantID }

// BotID is the bot's id in conversations, 28: and the app id.
func (s *Server) BotID() string { return s.Opt.BotID() }

// CertPEM is the certificate that clients must trust; nil without Options.TLS. It names localhost and 127.0.0.1.
func (s *Server) CertPEM() []byte { return s.Certificate.PEM() }

// LoginURL stands for https://login.microsoftonline.com.
func (s *Server) LoginURL() string { return s.URL() + "/login" }

// OpenIDURL is the address of the Bot Framework's OpenID metadata.
func (s *Server) OpenIDURL() string {
	return s.URL() + "/botframework/v1/.well-known/openidconfiguration"
}

// GraphURL stands for https://graph.microsoft.com/v1.0.
func (s *Server) GraphURL() string { return s.URL() + "/graph/v1.0" }
