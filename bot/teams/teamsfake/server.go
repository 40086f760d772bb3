package teamsfake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"parley/bot/chatfake"
)

// Server is one emulated organisation with one bot: Teams, the Bot Connector, Entra's token
// endpoint, Bot Framework's keys, Graph and SharePoint. It is an http.Handler; Start gives
// it a listener of its own. All methods may be called at any time from any goroutine.
type Server struct {
	*chatfake.FaultPlan

	opt    Options
	mux    *http.ServeMux
	ctx    context.Context //nolint:containedctx // ends with Close; owns every goroutine below
	stop   context.CancelFunc
	wg     sync.WaitGroup
	http   *http.Server
	client *http.Client // to the bot
	keys   keyring
	app    *manifest // nil = everything declared

	mu          sync.Mutex
	ids         int64
	born        string // differs between servers, unless their clock stands
	lastMessage int64
	url         string // of Start's listener
	endpoint    string // of the bot
	signing     Token

	state
	lanes  map[string][]*delivery
	later  map[*delivery]bool // wait for their next attempt
	held   []*delivery        // by a reorder fault
	asked  int                // invokes under way
	lost   []LostActivity
	untold map[*delivery]bool // neither taken nor lost yet
	slow   []SlowActivity
	calls  []Call
	rates  map[string][]time.Time
	log    *chatfake.Changes[Change]
}

// state is what Reset throws away.
type state struct {
	region      string
	permissions map[string]bool
	users       map[string]*User
	userIDs     []string // in order of joining
	teams       map[string]*Team
	teamIDs     []string
	channels    map[string]*channel
	channelIDs  []string
	files       map[string]*File
	sites       []string           // addresses of those whose files Sites.Selected opens
	dialogs     map[string]*Dialog // by person
	tokens      map[string]issued
	problems    []Problem
	blocked     map[string]bool // people who blocked the bot
}

// channel is a channel or a personal chat with its messages. Guarded by Server.mu.
type channel struct {
	Channel
	person   string     // of a personal chat
	messages []*Message // by id
	byID     map[string]*Message
	threads  map[string][]*Message // by root, which is the first; none in a personal chat
}

func newChannel(c Channel, person string) *channel {
	return &channel{Channel: c, person: person, byID: map[string]*Message{}, threads: map[string][]*Message{}}
}

// begins tells whether a thread begins with this message: what one person sees has no replies.
func (ch *channel) begins(id string) bool {
	m := ch.byID[id]
	return m != nil && m.Root == id && m.Targeted == ""
}

// New makes an organisation. Close must be called to end its goroutines.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{opt: o, client: newClient(), born: strconv.FormatInt(o.Clock().UnixMicro(), 10)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.log = chatfake.NewChanges[Change](s.ctx.Done())
	s.FaultPlan = chatfake.NewFaultPlan(o.Seed, s.now)
	s.lanes, s.later = map[string][]*delivery{}, map[*delivery]bool{}
	if o.Unsigned {
		s.signing = TokenNone
	}
	if err := s.keys.rotate("key-first", false); err != nil {
		panic(err) // no randomness: nothing works on this machine
	}
	if o.Manifest != nil {
		s.app = &manifest{}
		if err := json.Unmarshal(o.Manifest, s.app); err != nil {
			panic(fmt.Errorf("teamsfake: manifest: %w", err))
		}
	}
	s.mu.Lock()
	s.seed()
	s.mu.Unlock()
	s.mux = http.NewServeMux()
	s.loginRoutes()
	s.connectorRoutes()
	s.graphRoutes()
	s.controlRoutes()
	return s
}

func (s *Server) seed() {
	s.state = state{
		region: s.opt.Region, permissions: map[string]bool{}, users: map[string]*User{}, teams: map[string]*Team{},
		channels: map[string]*channel{}, files: map[string]*File{}, dialogs: map[string]*Dialog{},
		tokens: map[string]issued{}, blocked: map[string]bool{},
	}
	s.ClearFaults()
	s.calls, s.held, s.lost, s.rates = nil, nil, nil, map[string][]time.Time{}
	s.untold, s.slow = map[*delivery]bool{}, nil
	for _, p := range s.opt.Permissions {
		s.permissions[p] = true
	}
	for _, u := range s.opt.Users {
		s.putUser(u)
	}
	for _, t := range s.opt.Teams {
		s.putTeam(t)
	}
	for _, c := range s.opt.Channels {
		s.putChannel(c)
	}
}

// Reset returns to the seed of Options: messages, dialogs, faults, calls and tokens go, the
// app is installed nowhere. The bot's address stays; undelivered activities are forgotten.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seed()
	clear(s.lanes)
	clear(s.later)
	s.note(Change{Kind: "reset"})
}

// Start listens on addr (host:port, port 0 picks one) and serves until Close.
// Errors: those of net.Listen.
func (s *Server) Start(addr string) error {
	srv, address, err := chatfake.Serve(s.ctx, &s.wg, addr, s, func(err error) { s.opt.Log.Error("teams emulator stopped", "error", err) })
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
	s.client.CloseIdleConnections()
	return err
}

// ServeHTTP serves all emulated hosts, each under a path of its own, and /_fake/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// URL is the address of Start's listener, without a final slash; empty before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

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
func (s *Server) BotID() string { return s.botID() }

// LoginURL stands for https://login.microsoftonline.com.
func (s *Server) LoginURL() string { return s.URL() + "/login" }

// OpenIDURL is the address of the Bot Framework's OpenID metadata.
func (s *Server) OpenIDURL() string {
	return s.URL() + "/botframework/v1/.well-known/openidconfiguration"
}

// ServiceURL is the serviceUrl of activities, with a final slash. A region may change it.
func (s *Server) ServiceURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.serviceURL()
}

// serviceURL is ServiceURL for who holds s.mu.
func (s *Server) serviceURL() string {
	return s.url + "/connector/" + s.region + "/" + s.opt.TenantID + "/"
}

// SetRegion moves the organisation: later activities name another service address. The
// earlier ones go on working.
func (s *Server) SetRegion(region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.region = region
}

// GraphURL stands for https://graph.microsoft.com/v1.0.
func (s *Server) GraphURL() string { return s.URL() + "/graph/v1.0" }

// Permit replaces the granted permissions, as consent to another version of the app would.
func (s *Server) Permit(permissions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.permissions = map[string]bool{}
	for _, p := range permissions {
		s.permissions[p] = true
	}
}

// SetRSC grants or takes ChannelMessage.Read.Group alone: with it the bot gets every
// message of its channels, without only those that mention it.
func (s *Server) SetRSC(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.permissions[PermitMessages] = on
}

func (s *Server) now() time.Time { return s.opt.Clock() }

// Problems lists what the bot sent that clients do not show as it was meant, oldest first.
// A test of a bot wants none.
func (s *Server) Problems() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Problem(nil), s.problems...)
}

// trouble notes a problem. Caller holds s.mu.
func (s *Server) trouble(where, id, text string) {
	s.problems = append(s.problems, Problem{Where: where, ID: id, Text: text})
	s.note(Change{Kind: "problem", ID: id})
}
