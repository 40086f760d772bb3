package slackfake

import (
	"net/http"

	"parley/channels/emulator"
)

// Server is an emulated Slack workspace with one installed app. It is an http.Handler that serves Slack's Web API;
// Start gives it a listener of its own. Tests act in the workspace with As and Admin, and inspect it with methods
// such as Thread and Messages. All exported methods, and those of the exported fields, are safe for concurrent use.
type Server struct {
	*Ground
	*emulator.Host
	*emulator.FaultPlan

	Admin    *Administrator // acts as an administrator or as Slack itself
	Events   *Events        // events sent to the app, with their results
	Sockets  *Sockets       // the app's Socket Mode connections
	Webhooks *Webhooks      // signed requests to the app in HTTP mode
	Inboxes  *Inboxes       // people's notifications and unread messages

	grant   *Grant
	people  *directory
	rooms   *rooms
	board   *board
	files   *library
	screens *Screens
	clicks  *clicks
	api     *webAPI
	sched   *Schedule
}

// New creates a workspace. The caller must call Close to stop its goroutine.
func New(o Options) *Server {
	hasTestClock := o.Clock != nil
	o = o.WithDefaults()
	host := emulator.NewHost("slackfake", o.Log)
	g := NewWorkspace(o, host)
	faults := emulator.NewFaultPlan(o.Seed, g.Now, FaultLimitBody, FaultBlank, FaultError, FaultNeverShare)
	s := &Server{Ground: g, Host: host, FaultPlan: faults}
	s.connect(hasTestClock)
	s.Mu.Lock()
	s.seedWorkspace()
	s.Mu.Unlock()
	s.Handler = s.makeRoutes()
	s.Go(s.sched.RunSchedule)
	return s
}

// connect creates the parts of the workspace and connects them. A test's clock may jump, which the schedule
// has to handle.
func (s *Server) connect(hasTestClock bool) {
	g := s.Ground
	s.grant = NewGrant(g)
	s.sched = NewSchedule(g, hasTestClock)

	s.Events = NewDelivery(g, s.grant, s.sched, s.FaultPlan)
	s.Sockets, s.Webhooks = s.Events.Sockets, s.Events.Webhooks
	s.people = &directory{Ground: g}
	s.files = &library{Ground: g, events: s.Events}
	s.Inboxes = &Inboxes{Ground: g, people: s.people}
	s.board = &board{Ground: g, files: s.files, inboxes: s.Inboxes, events: s.Events}
	s.rooms = &rooms{Ground: g, people: s.people, board: s.board, events: s.Events}
	s.screens = NewScreens(g)
	s.clicks = &clicks{
		Ground:  g,
		people:  s.people,
		rooms:   s.rooms,
		board:   s.board,
		screens: s.screens,
		grant:   s.grant,
		events:  s.Events,
		faults:  s.FaultPlan,
	}
	s.Admin = &Administrator{Ground: g, people: s.people, rooms: s.rooms, board: s.board, files: s.files, grant: s.grant, events: s.Events}
	s.api = &webAPI{
		Ground: g, grant: s.grant, faults: s.FaultPlan, sockets: s.Sockets,
		chat:          &chatAPI{Ground: g, rooms: s.rooms, board: s.board, clicks: s.clicks},
		conversations: &conversationAPI{Ground: g, rooms: s.rooms},
		users:         &userAPI{Ground: g, people: s.people},
		files:         &fileAPI{Ground: g, files: s.files, rooms: s.rooms, board: s.board, sched: s.sched, grant: s.grant, faults: s.FaultPlan},
		views:         NewAPI(s.screens, s.people.hasUser),
	}

	s.api.methods = s.api.listMethods()
}

// seedWorkspace clears all state and adds the users and channels of Options. The caller holds the lock.
func (s *Server) seedWorkspace() {
	s.grant.Reset()
	s.people.reset()
	s.rooms.reset()
	s.files.reset()
	s.Inboxes.reset()
	s.screens.Reset()
	s.clicks.reset()
	s.api.reset()
	s.Events.Reset()
	s.ClearFaults()
	s.people.putUser(User{ID: "USLACKBOT", Name: "slackbot", RealName: "Slackbot", Bot: false})
	s.people.putUser(User{ID: s.Opt.BotUser, Name: s.Opt.AppName, RealName: s.Opt.AppName, Bot: true, BotID: s.Opt.BotID})

	for _, u := range s.Opt.Users {
		s.people.putUser(u)
	}

	for _, c := range s.Opt.Channels {
		s.rooms.putChannel(c)
	}
}

// Reset restores the initial state. It removes messages, views, faults, recorded calls, undelivered events
// and added people. Sockets stay connected.
func (s *Server) Reset() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Events.Interrupt()
	s.seedWorkspace()
	s.sched.Reset()
	s.Note(Change{Kind: "reset"})
}

// Close closes all connections, stops the goroutines, and waits for them.
func (s *Server) Close() error {
	s.Sockets.Drop()
	err := s.Host.Close()
	s.Webhooks.CloseIdle()
	return err
}

// APIURL returns the base URL of the Web API, as slack.OptionAPIURL and slackApiUrl expect it.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// BotToken returns the app's bot token.
func (s *Server) BotToken() string { return s.Opt.BotToken }

// AppToken returns the app-level token for Socket Mode.
func (s *Server) AppToken() string { return s.Opt.AppToken }

// SigningSecret returns the secret that signs requests to the app in HTTP mode.
func (s *Server) SigningSecret() string { return s.Opt.SigningSecret }

// BotUserID returns the user id of the app's bot.
func (s *Server) BotUserID() string { return s.Opt.BotUser }

// BotID returns the B… id on the bot's messages.
func (s *Server) BotID() string { return s.Opt.BotID }

// TeamID returns the id of the workspace.
func (s *Server) TeamID() string { return s.Opt.TeamID }

// AppID returns the id of the app.
func (s *Server) AppID() string { return s.Opt.AppID }

// makeRoutes returns the handler of the Web API, files, response URLs, Socket Mode and the test control API
// under /_fake/.
func (s *Server) makeRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.api.serveAPI)
	mux.HandleFunc("POST /upload/v1/{ticket}", s.api.files.serveUpload)
	mux.HandleFunc("GET /files-pri/{key}/{name...}", s.api.files.serveFile)
	mux.HandleFunc("GET /files-origin/{key}/{name...}", s.api.files.serveFile)
	mux.HandleFunc("POST /actions/{team}/{id}", s.clicks.serveResponseURL)
	mux.HandleFunc("GET /link/", s.Sockets.ServeSocket)
	mux.HandleFunc("GET /signin", s.api.files.serveSignin)
	(&driver{srv: s}).addRoutes(mux)
	return mux
}
