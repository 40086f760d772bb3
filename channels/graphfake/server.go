package graphfake

import (
	"fmt"
	"log/slog"
	"math/rand"
	"net/http"
	"slices"
	"sync"
	"time"

	"parley/channels/emulator"
)

// Options of New; the zero value works.
type Options struct {
	Log   *slog.Logger     // nil: silent
	Clock func() time.Time // what the service takes for now: windows, expiry, pace; nil: time.Now
	Seed  int64            // of ids and of probable faults; 0 = another one each time
	// AppID and AppSecret of the one app; the secret signs webhooks.
	// Default: 9000000001, app-secret.
	AppID, AppSecret string
	// HookRetry is the first pause before a webhook that wasn't taken is sent again; it
	// doubles up to a hundredfold. Default: 50 ms (Meta's is longer).
	HookRetry time.Duration
	// HookTries is how often a webhook is sent before it is given up. Default: 100 (Meta
	// tries for seven days).
	HookTries int
	// ReviewAfter is how long a submitted template waits for its approval, by the machine's
	// clock; 0 = until Review is called.
	ReviewAfter time.Duration
	// HookTimeout is how long a receiver may think about a webhook. Default: 10 s.
	HookTimeout time.Duration
}

// Server is the emulator. Make it with New. Safe for concurrent use.
type Server struct {
	*emulator.Host
	*emulator.FaultSet[Fault]
	emulator.Signal // of every change that somebody may wait for

	opts  Options
	clock func() time.Time
	hooks *hooks

	mu       sync.Mutex      // guards all below, and the state of every node
	nodes    map[string]node // everything with an id of its own
	tokens   map[string]*grant
	requests []Request
	rng      *rand.Rand
	serial   int64

	appCallback, appVerify string
}

// New prepares an emulator; Start opens a port.
func New(o Options) *Server {
	def := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	def(&o.AppID, "9000000001")
	def(&o.AppSecret, "app-secret")
	if o.HookRetry <= 0 {
		o.HookRetry = 50 * time.Millisecond
	}
	if o.HookTries <= 0 {
		o.HookTries = 100
	}
	if o.HookTimeout <= 0 {
		o.HookTimeout = 10 * time.Second
	}
	seed := o.Seed
	if seed == 0 {
		seed = time.Now().UnixNano()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Host: emulator.NewHost("graphfake", o.Log), FaultSet: emulator.NewFaultSet[Fault](seed), opts: o, clock: o.Clock,
		nodes: map[string]node{}, tokens: map[string]*grant{}, rng: rand.New(rand.NewSource(seed))}
	s.Handler, s.Quiet = http.HandlerFunc(s.serve), true
	if s.clock == nil {
		s.clock = time.Now
	}
	s.hooks = newHooks(s)
	return s
}

// Close hangs up on everybody, gives up all webhooks and waits for what was under way.
// It may be called often.
func (s *Server) Close() error {
	s.ClearFaults()
	s.hooks.close()
	return s.Host.Close()
}

// AppSecret is what signs webhooks.
func (s *Server) AppSecret() string { return s.opts.AppSecret }

// Now gives the emulator's time.
func (s *Server) Now() time.Time { return s.clock() }

// change does something to the state under the lock and tells whoever waits.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.Poke()
}

// number makes a numeric id that this emulator never gave before. Called under the lock.
func (s *Server) number() string {
	s.serial++
	return fmt.Sprintf("%d%09d", 10+s.rng.Intn(89), 100000*s.serial+s.rng.Int63n(100000))
}

// word makes n random letters and digits. Called under the lock.
func (s *Server) word(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[s.rng.Intn(len(letters))]
	}
	return string(b)
}

// grant is what an access token may touch.
type grant struct {
	revoked bool
	nodes   []string // ids; empty = all
}

// opens says whether a token is for a node.
func (g *grant) opens(id string) bool { return len(g.nodes) == 0 || slices.Contains(g.nodes, id) }

// AllowToken makes an access token that opens the nodes with these ids (numbers, business
// accounts, pages); none = all.
func (s *Server) AllowToken(token string, ids ...string) {
	s.change(func() { s.tokens[token] = &grant{nodes: slices.Clone(ids)} })
}

// RevokeToken lets a token fail with code 190 until it is allowed again.
func (s *Server) RevokeToken(token string) {
	s.change(func() {
		if g := s.tokens[token]; g != nil {
			g.revoked = true
		}
	})
}
