package slackfake

import (
	"net/http"

	"parley/bot/slack/slackfake/delivery"
	"parley/bot/slack/slackfake/screens"
	"parley/bot/slack/slackfake/workspace"
	"parley/channels/emulator"
)

// Server is one emulated workspace with one app: its address, and what can be seen in it. It is
// an http.Handler; Start gives it a listener of its own. Its methods, and those of its parts,
// may be called at any time from any goroutine.
type Server struct {
	*ground
	*emulator.Host
	*emulator.FaultPlan

	// Admin does what administrators and Slack itself do.
	Admin *Administrator
	// Events tells which events the app took, late or not at all.
	Events *Events
	// Sockets are the app's Socket Mode connections.
	Sockets *Sockets
	// Webhooks reach the app in HTTP mode.
	Webhooks *Webhooks
	// Inboxes hold what people have not read.
	Inboxes *Inboxes

	grant   *workspace.Grant
	people  *directory
	rooms   *rooms
	board   *board
	files   *library
	screens *screens.Screens
	clicks  *clicks
	api     *webAPI
	sched   *workspace.Schedule
}

// New makes a workspace. Close must be called to end its goroutine.
func New(o Options) *Server {
	given := o.Clock != nil
	o = o.WithDefaults()
	host := emulator.NewHost("slackfake", o.Log)
	g := workspace.New(o, host)
	faults := emulator.NewFaultPlan(o.Seed, g.Now, FaultLimitBody, FaultBlank, FaultError, FaultNeverShare)
	s := &Server{ground: g, Host: host, FaultPlan: faults}
	s.connect(given)
	s.Mu.Lock()
	s.seedWorkspace()
	s.Mu.Unlock()
	s.Handler = s.makeRoutes()
	s.Go(s.sched.RunSchedule)
	return s
}

// connect makes the parts of the workspace and tells each of those that it needs. An injected
// clock may jump.
func (s *Server) connect(jumps bool) {
	g := s.ground
	s.grant = workspace.NewGrant(g)
	s.sched = workspace.NewSchedule(g, jumps)

	s.Events = delivery.New(g, s.grant, s.sched, s.FaultPlan)
	s.Sockets, s.Webhooks = s.Events.Sockets, s.Events.Webhooks
	s.people = &directory{ground: g}
	s.files = &library{ground: g, events: s.Events}
	s.Inboxes = &Inboxes{ground: g, people: s.people}
	s.board = &board{ground: g, files: s.files, inboxes: s.Inboxes, events: s.Events}
	s.rooms = &rooms{ground: g, people: s.people, board: s.board, events: s.Events}
	s.screens = screens.New(g)
	s.clicks = &clicks{
		ground:  g,
		people:  s.people,
		rooms:   s.rooms,
		board:   s.board,
		screens: s.screens,
		grant:   s.grant,
		events:  s.Events,
		faults:  s.FaultPlan,
	}
	s.Admin = &Administrator{ground: g, people: s.people, rooms: s.rooms, board: s.board, files: s.files, grant: s.grant, events: s.Events}
	s.api = &webAPI{
		ground: g, grant: s.grant, faults: s.FaultPlan, sockets: s.Sockets,
		chat:          &chatAPI{ground: g, rooms: s.rooms, board: s.board, clicks: s.clicks},
		conversations: &conversationAPI{ground: g, rooms: s.rooms},
		users:         &userAPI{ground: g, people: s.people},
		files:         &fileAPI{ground: g, files: s.files, rooms: s.rooms, board: s.board, sched: s.sched, grant: s.grant, faults: s.FaultPlan},
		views:         screens.NewAPI(s.screens, s.people.hasUser),
	}

	s.api.methods = s.api.listMethods()
}

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

// Reset returns to the seed of Options: messages, views, faults, calls and added people go.
// Open sockets stay; undelivered events are forgotten.
func (s *Server) Reset() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Events.Interrupt()
	s.seedWorkspace()
	s.sched.Reset()
	s.Note(Change{Kind: "reset"})
}

// Close ends connections and goroutines and waits for them.
func (s *Server) Close() error {
	s.Sockets.Drop()
	err := s.Host.Close()
	s.Webhooks.CloseIdle()
	return err
}

// APIURL is what slack.OptionAPIURL and slackApiUrl need: URL with /api/.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// BotToken is the app's bot token.
func (s *Server) BotToken() string { return s.Opt.BotToken }

// AppToken is the app-level token for Socket Mode.
func (s *Server) AppToken() string { return s.Opt.AppToken }

// SigningSecret signs what is sent in HTTP mode.
func (s *Server) SigningSecret() string { return s.Opt.SigningSecret }

// BotUserID is the user id of the app's bot.
func (s *Server) BotUserID() string { return s.Opt.BotUser }

// BotID is the B… id on the bot's messages.
func (s *Server) BotID() string { return s.Opt.BotID }

// TeamID is the workspace's id.
func (s *Server) TeamID() string { return s.Opt.TeamID }

// AppID is the app's id.
func (s *Server) AppID() string { return s.Opt.AppID }

// makeRoutes returns what serves the Web API, files, response URLs, Socket Mode and /_fake/.
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
