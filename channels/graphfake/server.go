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

// Options are the options of New. The zero value is valid.
type Options struct {
	Log   *slog.Logger     // nil means no log
	Clock func() time.Time // for reply windows, expiry times and so on; nil means time.Now
	Seed  int64            // for ids and for faults with a probability; 0 means a random seed
	// AppID and AppSecret belong to the app. The secret signs webhooks. Default: 9000000001 and app-secret.
	AppID, AppSecret string
	// SignUpConfig is the id of the app's configuration for embedded sign-up. Redirect is its permitted redirect URI; ""
	// permits any.
	SignUpConfig, Redirect string
	// HookRetry is the delay before a failed webhook is retried for the first time. It doubles with each retry, up to a
	// hundred times HookRetry. Default: 50 ms, which is less than Meta's.
	HookRetry time.Duration
	// HookTries is the maximum number of attempts to send a webhook. Default: 100. (Meta tries for seven days.)
	HookTries int
	// ReviewAfter is how long the review of a template takes, by the machine's clock; 0 means until Review is called.
	ReviewAfter time.Duration
	// HookTimeout is the timeout for the response to a webhook. Default: 10 s.
	HookTimeout time.Duration
}

// ground is the state that all parts of the emulator share. A node is anything with an id in the Graph API: a number, a
// business account, a Page, a file. Methods whose names end in Locked must be called with mu held; those of hooks, with
// hooks.mu held.
type ground struct {
	emulator.Signal // wakes those who wait for a change of the state

	host  *emulator.Host
	opts  Options
	clock func() time.Time
	hooks *hooks

	mu     sync.Mutex      // guards the fields below, and the state of every node
	nodes  map[string]node // by id
	rng    *rand.Rand
	serial int64

	apps map[string]appHook // the app's subscriptions, by the kind of object
}

// Server is an emulator of Meta's Graph API, with one app, its WhatsApp numbers and its Facebook Pages. The embedded types
// provide its methods: ground the shared state, hooks the webhooks, business the accounts, api the HTTP calls and faults the
// injected failures. Use New to create one. It is safe for concurrent use.
type Server struct {
	*emulator.Host
	*ground
	*hooks
	*business
	*api
	*faults
}

// New returns an emulator, which doesn't listen until Start is called.
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

// Mount sets the handler for URLs below /_fake/, by which other processes can control the emulator. Call it before Start.
func (s *Server) Mount(control http.Handler) { s.api.control = control }

// Close closes all connections, abandons all webhooks and waits until everything has stopped. It may be called repeatedly.
func (s *Server) Close() error {
	s.ClearFaults()
	s.hooks.close()
	return s.Host.Close()
}

// AppSecret returns the secret that signs webhooks.
func (g *ground) AppSecret() string { return g.opts.AppSecret }

// Now returns the emulator's time.
func (g *ground) Now() time.Time { return g.clock() }

// change calls f with mu held, and wakes those who wait for a change.
func (g *ground) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	g.Poke()
}

// newIDLocked returns a new, unique numeric id: two random digits, a serial number and five random digits.
func (g *ground) newIDLocked() string {
	const lowest, prefixes = 10, 89 // the first two digits have no leading zero
	const suffixes = 100_000
	g.serial++
	return fmt.Sprintf("%d%09d", lowest+g.rng.Intn(prefixes), suffixes*g.serial+g.rng.Int63n(suffixes))
}

// randomWordLocked returns n random letters and digits.
func (g *ground) randomWordLocked(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[g.rng.Intn(len(letters))]
	}
	return string(b)
}
