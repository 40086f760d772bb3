package graphfake

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand"
	"net/http"
	"sync"
	"time"

	"parley/channels/emulator"
)

// Options of New; the zero value works.
type Options struct {
	Log   *slog.Logger     // nil means none
	Clock func() time.Time // the time by which windows open, addresses expire and so on; nil means time.Now
	Seed  int64            // of ids and of probable faults; 0 means another one each time
	// AppID and AppSecret of the one app; the secret signs webhooks. Default: 9000000001, app-secret.
	AppID, AppSecret string
	// SignUpConfig is the app's configuration for embedded sign-up. Redirect is the address to which it may send people back;
	// "" means any.
	SignUpConfig, Redirect string
	// HookRetry is the first pause before a webhook that wasn't taken is sent again; it
	// doubles up to a hundredfold. Default: 50 ms (Meta's is longer).
	HookRetry time.Duration
	// HookTries is how often a webhook is sent before it is given up. Default: 100 (Meta tries for seven days).
	HookTries int
	// ReviewAfter is how long a submitted template waits for its approval, by the machine's
	// clock; 0 means until Review is called.
	ReviewAfter time.Duration
	// HookTimeout is how long a receiver may think about a webhook. Default: 10 s.
	HookTimeout time.Duration
}

// ground is what all parts of the emulator share. A node is anything with an id in the Graph API: a number, a business account, a Page, a
// file. Methods whose names end with Locked must be called with mu held; those of hooks, with the lock of hooks.
type ground struct {
	emulator.Signal // of every change that somebody may wait for

	host  *emulator.Host
	opts  Options
	clock func() time.Time
	hooks *hooks

	mu     sync.Mutex      // guards all below, and the state of every node
	nodes  map[string]node // everything with an id of its own
	rng    *rand.Rand
	serial int64

	apps map[string]appHook // the app's subscriptions, by the kind of object
}

// Server is the emulator. Make it with New. Safe for concurrent use.
type Server struct {
	*emulator.Host
	*ground
	*hooks
	*business
	*api
	*faults
}

// New prepares an emulator, with the defaults that Options names. Start opens a port.
func New(o Options) *Server {
	o.AppID = cmp.Or(o.AppID, "9000000001")
	o.AppSecret = cmp.Or(o.AppSecret, "app-secret")
	if o.HookRetry <= 0 {
		o.HookRetry = 50 * time.Millisecond
	}
	if o.HookTries <= 0 {
		o.HookTries = 100
	}
	if o.HookTimeout <= 0 {
		o.HookTimeout = 10 * time.Second
	}

	seed := cmp.Or(o.Seed, time.Now().UnixNano())

	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}

	g := &ground{host: emulator.NewHost("graphfake", o.Log), opts: o, clock: o.Clock,
		nodes: map[string]node{}, apps: map[string]appHook{}, rng: rand.New(rand.NewSource(seed))}
	f := &faults{emulator.NewFaultSet[Fault](seed)}
	g.hooks = newHooks(g, f)
	a := &api{ground: g, faults: f, tokens: map[string]*grant{}, codes: map[string]*signedUp{}}
	g.nodes[o.AppID] = appNode{a}
	g.host.Handler, g.host.Quiet = http.HandlerFunc(a.serve), true
	return &Server{Host: g.host, ground: g, hooks: g.hooks, business: &business{g}, api: a, faults: f}
}

// Mount serves requests below /_fake/ by a handler, by which other processes can control the emulator. It must be called before Start.
func (s *Server) Mount(control http.Handler) { s.api.control = control }

// Close hangs up on everybody, gives up all webhooks and waits for what was under way. It may be called often.
func (s *Server) Close() error {
	s.ClearFaults()
	s.hooks.close()
	return s.Host.Close()
}

// AppSecret returns the secret that signs webhooks.
func (g *ground) AppSecret() string { return g.opts.AppSecret }

// Now returns the emulator's time.
func (g *ground) Now() time.Time { return g.clock() }

// change calls f with the lock held, and wakes all who wait for a change.
func (g *ground) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	g.Poke()
}

// newIDLocked makes a numeric id that this emulator never gave before: two random digits, the count of ids, five random digits.
func (g *ground) newIDLocked() string {
	const lowest, prefixes = 10, 89 // so that there is no zero in front
	const suffixes = 100_000
	g.serial++
	return fmt.Sprintf("%d%09d", lowest+g.rng.Intn(prefixes), suffixes*g.serial+g.rng.Int63n(suffixes))
}

// randomWordLocked makes n random letters and digits.
func (g *ground) randomWordLocked(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[g.rng.Intn(len(letters))]
	}
	return string(b)
}
