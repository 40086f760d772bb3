package teamsfake

import (
	"net/http"

	"parley/channels/emulator"
)

// Server emulates Microsoft Teams for tests and demos of a bot: one organisation with people, teams and channels. The bot is
// configured with the Server's URLs in place of Microsoft's. The Server answers the bot's calls of the Bot Connector, Entra,
// Graph and SharePoint, and sends it an activity, a request in JSON, for whatever people do. A test acts as people and
// checks what the bot has posted:
//
//	srv.As(ann).Say("Hello")
//	messages := srv.Personal(ann)
//
// It is an http.Handler; Start makes it listen. All methods, including those of its parts, are safe for concurrent use.
type Server struct {
	*Ground
	*emulator.Host
	*emulator.FaultPlan

	// Admin acts as the organisation's administrator and as the owner of its teams.
	Admin *Administrator
	// Entra grants permissions and issues tokens.
	Entra *Entra
	// Activities sends activities to the bot, and reports which ones the bot acknowledged late or not at all.
	Activities *Activities
	// Forger sends the bot requests that Teams itself would never send.
	Forger *Forger

	org       *Directory
	files     *Library
	people    *People
	journal   *Journal
	connector *API
}

// New makes an organisation. The caller must Close it, which ends its goroutines. It panics if the machine has no random
// numbers for keys.
func New(options Options) *Server {
	options = options.WithDefaults()
	host := emulator.NewHost("teamsfake", options.Log)
	if options.TLS {
		cert, err := emulator.NewCertificate()
		if err != nil {
			panic(err)
		}
		host.Certificate = cert
	}

	shared := NewTenant(options, host)
	faults := emulator.NewFaultPlan(options.Seed, shared.Now, FaultReset, FaultGarbage)
	s := &Server{Ground: shared, Host: host, FaultPlan: faults}
	s.connect()
	if err := s.Entra.Start(); err != nil {
		panic(err)
	}
	s.Mu.Lock()
	s.seedOrganisation()
	s.Mu.Unlock()
	return s
}

// connect makes the parts of the server and routes requests to them. Each emulated API has a path of its own, such as
// /graph/, in place of a host of Microsoft's.
func (s *Server) connect() {
	s.journal = NewCalls(s.Ground, s.FaultPlan)
	s.Entra = NewEntra(s.Ground, s.journal)
	s.Activities = NewDelivery(s.Ground, s.Entra, s.FaultPlan)
	s.org = NewDirectory(s.Ground)
	s.files = NewLibrary(s.org)
	announcer := NewAnnounce(s.files, s.Entra, s.Activities)
	view := NewView(s.files)
	s.people = NewPeople(announcer, view, s.FaultPlan)
	s.Admin = NewAdmin(announcer)
	s.Forger = NewForger(announcer)
	s.connector = NewConnector(s.files, s.Entra, s.journal)
	graphAPI := NewGraph(view, s.Entra, s.journal)

	mux := http.NewServeMux()
	s.Entra.Routes(mux)
	s.connector.Routes(mux)
	graphAPI.Routes(mux)
	(&driver{srv: s}).addRoutes(mux)
	s.Handler = mux
}

// seedOrganisation deletes everything, and then makes the people, teams and channels of Options. The caller holds the lock.
func (s *Server) seedOrganisation() {
	s.ClearFaults()
	s.Ground.Reset()
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

// Reset restores the initial state. It deletes messages, dialogs, faults, calls, tokens and pending activities, and
// uninstalls the app. It keeps the bot's URL.
func (s *Server) Reset() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.seedOrganisation()
	s.Note(Change{Kind: "reset"})
}

// Close closes connections, ends all goroutines, and waits for them.
func (s *Server) Close() error {
	err := s.Host.Close()
	s.Activities.Disconnect()
	return err
}

// AppID returns the bot's client id.
func (s *Server) AppID() string { return s.Opt.AppID }

// AppPassword returns the bot's client secret.
func (s *Server) AppPassword() string { return s.Opt.AppPassword }

// TenantID returns the organisation's id.
func (s *Server) TenantID() string { return s.Opt.TenantID }

// BotID returns the bot's id in conversations: "28:" and the app id.
func (s *Server) BotID() string { return s.Opt.BotID() }

// CertPEM returns the certificate that clients must trust, for localhost and 127.0.0.1. It is nil without Options.TLS.
func (s *Server) CertPEM() []byte { return s.Certificate.PEM() }

// LoginURL returns the URL to use in place of https://login.microsoftonline.com.
func (s *Server) LoginURL() string { return s.URL() + "/login" }

// OpenIDURL returns the URL of the Bot Framework's OpenID metadata.
func (s *Server) OpenIDURL() string {
	return s.URL() + "/botframework/v1/.well-known/openidconfiguration"
}

// GraphURL returns the URL to use in place of https://graph.microsoft.com/v1.0.
func (s *Server) GraphURL() string { return s.URL() + "/graph/v1.0" }
