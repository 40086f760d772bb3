package slackfake

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"parley/bot/chatfake"
)

// Server is one emulated workspace with one app. It is an http.Handler; Start gives it a
// listener of its own. All methods may be called at any time from any goroutine.
type Server struct {
	*chatfake.FaultPlan

	opt  Options
	mux  *http.ServeMux
	api  map[string]method
	ctx  context.Context //nolint:containedctx // ends with Close; owns every goroutine below
	stop context.CancelFunc
	wg   sync.WaitGroup
	http *http.Server
	// client delivers events and interactions in HTTP mode.
	client *http.Client

	mu      sync.Mutex
	ids     int64
	idStart int64  // differs between servers, unless their clock stands
	url     string // of Start's listener
	base    string // of the last API call

	state
	calls   []Call
	used    map[string]bool // scopes that calls and events made use of
	targets Targets
	lanes   map[string][]*delivery // HTTP deliveries by key, in order
	sockets []*socket
	turn    int // of the sockets
	tickets map[string]bool
	pending map[string]*delivery // by envelope id
	held    []*delivery          // by a reorder fault
	parked  []*delivery          // wait for a connection
	lost    []LostEvent

	untold  map[string]SlowEvent // events without an acknowledgement, by id
	slow    []SlowEvent
	buckets map[string]*bucket
	log     *chatfake.Changes[Change]
	sched   schedule
}

// state is what Reset throws away.
type state struct {
	scopes    map[string]bool
	revoked   bool
	users     map[string]*User
	userIDs   []string // in order of joining
	channels  map[string]*channel
	chanIDs   []string
	moved     map[string]string // ids before channel_id_changed
	files     map[string]*File
	uploads   map[string]*upload
	ephs      []*Ephemeral
	views     map[string]*View
	stacks    map[string][]string // user → open modals, bottom first
	homes     map[string]*View
	triggers  map[string]*trigger
	replies   map[string]*responseURL
	inboxes   map[string]*inbox
	selected  map[string]State // user|channel|ts → what was chosen in a message
	statuses  map[string]ThreadStatus
	suggested map[string]object // user|action → the app's last options
}

// channel is a Channel with its messages. Guarded by Server.mu.
type channel struct {
	Channel
	members  map[string]bool
	messages []*Message // top-level and broadcasts, by ts
	byTS     map[string]*Message
	threads  map[string]*thread
	lastTS   int64
}

// thread is the replies under one root. Guarded by Server.mu.
type thread struct {
	root      *Message
	replies   []*Message
	followers map[string]bool
	repliers  map[string]bool // authors of replies
	locked    bool
}

// New makes a workspace. Close must be called to end its goroutine.
func New(o Options) *Server {
	s := &Server{opt: o.withDefaults(), client: newClient()}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.api = methods()
	s.idStart = (o.withDefaults().Clock().UnixMicro() + o.Seed) % idSpace
	s.sched.wake = make(chan struct{}, 1)
	s.sched.poll = o.Clock != nil
	s.log = chatfake.NewChanges[Change](s.ctx.Done())
	s.FaultPlan = chatfake.NewFaultPlan(o.Seed, s.now)
	s.pending = map[string]*delivery{}
	s.lanes = map[string][]*delivery{}
	s.tickets = map[string]bool{}
	s.mu.Lock()
	s.seed()
	s.mu.Unlock()
	s.mux = http.NewServeMux()
	s.routes()
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		s.runSchedule()
	}()
	return s
}

func (s *Server) seed() {
	s.state = state{
		scopes: map[string]bool{}, users: map[string]*User{}, channels: map[string]*channel{}, moved: map[string]string{},
		files: map[string]*File{}, uploads: map[string]*upload{}, views: map[string]*View{}, stacks: map[string][]string{},
		homes: map[string]*View{}, triggers: map[string]*trigger{}, replies: map[string]*responseURL{},
		inboxes: map[string]*inbox{}, selected: map[string]State{}, statuses: map[string]ThreadStatus{}, suggested: map[string]object{},
	}
	s.used = map[string]bool{}
	s.buckets = map[string]*bucket{}
	s.calls, s.held, s.parked, s.lost = nil, nil, nil, nil
	s.ClearFaults()
	for _, sc := range s.opt.Scopes {
		s.scopes[sc] = true
	}
	s.putUser(User{ID: "USLACKBOT", Name: "slackbot", RealName: "Slackbot", Bot: false})
	s.putUser(User{ID: s.opt.BotUser, Name: s.opt.AppName, RealName: s.opt.AppName, Bot: true, BotID: s.opt.BotID})
	for _, u := range s.opt.Users {
		s.putUser(u)
	}
	for _, c := range s.opt.Channels {
		s.putChannel(c)
	}
}

// Reset returns to the seed of Options: messages, views, faults, calls and added people go.
// Open sockets stay; undelivered events are forgotten.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.underWay() {
		if d.answer != nil {
			d.respond(appResponse{err: "reset"})
		}
	}
	s.seed()
	clear(s.pending)
	clear(s.lanes)
	s.sched.tasks, s.untold, s.slow = nil, nil, nil
	s.note(Change{Kind: "reset"})
}

// Start listens on addr (host:port, port 0 picks one) and serves until Close.
// Errors: those of net.Listen.
func (s *Server) Start(addr string) error {
	srv, address, err := chatfake.Serve(s.ctx, &s.wg, addr, s, func(err error) { s.opt.Log.Error("slack emulator stopped", "error", err) })
	if err != nil {
		return fmt.Errorf("slackfake: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.http, s.url = srv, address
	return nil
}

// Close ends connections and goroutines and waits for them.
func (s *Server) Close() error {
	s.stop()
	s.mu.Lock()
	open := slices.Clone(s.sockets)
	s.mu.Unlock()
	for _, c := range open {
		c.conn.CloseNow() //nolint:errcheck // going away
	}
	var err error
	if s.http != nil {
		err = s.http.Close()
	}
	s.wg.Wait()
	s.client.CloseIdleConnections()
	return err
}

// ServeHTTP serves the Web API, files, response URLs, Socket Mode and /_fake/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// URL is the address of Start's listener, without a final slash; empty before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// APIURL is what slack.OptionAPIURL and slackApiUrl need: URL with /api/.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// BotToken is the app's bot token.
func (s *Server) BotToken() string { return s.opt.BotToken }

// AppToken is the app-level token for Socket Mode.
func (s *Server) AppToken() string { return s.opt.AppToken }

// SigningSecret signs what is sent in HTTP mode.
func (s *Server) SigningSecret() string { return s.opt.SigningSecret }

// BotUserID is the user id of the app's bot.
func (s *Server) BotUserID() string { return s.opt.BotUser }

// BotID is the B… id on the bot's messages.
func (s *Server) BotID() string { return s.opt.BotID }

// TeamID is the workspace's id.
func (s *Server) TeamID() string { return s.opt.TeamID }

// AppID is the app's id.
func (s *Server) AppID() string { return s.opt.AppID }

// SetScopes replaces the granted bot scopes, as a reinstallation would.
func (s *Server) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = map[string]bool{}
	for _, sc := range scopes {
		s.scopes[sc] = true
	}
}

// ScopesUsed lists the bot scopes that calls and delivered events needed so far, sorted.
// A manifest grants too much if it has others.
func (s *Server) ScopesUsed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.used))
}

func (s *Server) now() time.Time { return s.opt.Clock() }

// home is the base of addresses given to the app. Caller holds s.mu.
func (s *Server) home() string {
	switch {
	case s.opt.PublicURL != "":
		return s.opt.PublicURL
	case s.base != "":
		return s.base
	}
	return s.url
}
