package app

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/bridge"
	"parley/channels/wire"
	"parley/cmd/parley/operate"
	"parley/store"
)

const (
	connectTimeout  = 10 * time.Second      // how long an admin who entered new credentials waits until they are in use
	connectInterval = 20 * time.Millisecond // the polling interval for that
)

// chats runs the agents' side of Parley. A surface is the code for one kind of chat in which agents work, such as Slack.
// Its credentials come from the environment, or from an admin who entered them on a web page. When an admin replaces
// Slack's tokens, for example, every process replaces its Slack surface: followSetUp notices the change, refresh makes
// the new surface, and connect runs it once the connection of the old one has ended.
type chats struct {
	app *App
	mux atomic.Pointer[http.ServeMux] // serves the requests of all surfaces
	env atomic.Pointer[Env]           // the environment with the stored credentials, as of the last refresh

	mu   sync.RWMutex     // guards open. Only refresh writes it; refresh's goroutine reads it without the lock
	open map[string]*chat // the connected surfaces, by kind

	removed    map[string]*chat // the last removed chat of each kind, which may still be disconnecting; only refresh uses it
	connecting sync.WaitGroup   // the connections of all chats, including those that are disconnecting
}

// chat is a surface with its connection.
type chat struct {
	opened
	fingerprint [32]byte // chatFingerprint of its credentials
	predecessor *chat    // the chat whose connection must end first; nil if there is none, or once this one is connecting
	stop        context.CancelFunc
	done        chan struct{} // closed when its connection has ended; nil before connect
}

func newChats(a *App) *chats {
	c := &chats{app: a, open: map[string]*chat{}, removed: map[string]*chat{}}
	c.mux.Store(http.NewServeMux())
	c.env.Store(&a.env)
	return c
}

// signedIn returns the environment with the stored credentials of the chats.
func (c *chats) signedIn() Env { return *c.env.Load() }

// list returns the connected surfaces.
func (c *chats) list() []opened {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var list []opened
	for _, s := range c.app.opt.Surfaces {
		if one := c.open[s.Kind]; one != nil {
			list = append(list, one.opened)
		}
	}
	return list
}

// findSurface returns the surface of a kind; nil if it isn't connected.
func (c *chats) findSurface(kind string) bridge.Surface {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if one := c.open[kind]; one != nil {
		return one.surface
	}
	return nil
}

// ServeHTTP passes a request to the surface that has registered its path.
func (c *chats) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.Load().ServeHTTP(w, r) }

// followSetUp connects the chats, and reconnects those whose credentials change, until ctx ends.
func (c *chats) followSetUp(ctx context.Context) error {
	defer c.connecting.Wait()
	for {
		changed := c.app.engine.DirectoryChanged() // before refresh, so that no change is missed
		err := c.refresh(ctx)
		if err != nil && ctx.Err() == nil {
			c.app.log.Error("chats not brought up to date", "error", err)
		}
		c.connect(ctx)
		if !c.waitForChange(ctx, changed, err != nil) {
			return nil
		}
	}
}

// waitForChange waits until the set-up changes, but for at most reconnectPause if refresh has failed. It returns false if
// ctx ends first.
func (c *chats) waitForChange(ctx context.Context, changed <-chan struct{}, failed bool) bool {
	var retry <-chan time.Time
	if failed {
		timer := time.NewTimer(reconnectPause)
		defer timer.Stop()
		retry = timer.C
	}

	select {
	case <-changed:
		return true
	case <-retry:
		return true
	case <-ctx.Done():
		return false
	}
}

// refresh makes surfaces for new and changed credentials, and removes surfaces that have no credentials any more.
func (c *chats) refresh(ctx context.Context) error {
	a := c.app
	env, err := a.db.SignedIn(ctx, a.env)
	if err != nil {
		return err
	}

	c.env.Store(&env)
	var faults []error
	for _, s := range a.opt.Surfaces {
		isNamed := s.Named == nil || s.Named(env)
		old := c.open[s.Kind]
		if !isNamed {
			if old != nil {
				c.remove(s.Kind, old)
			}
			continue
		}

		isCurrent := old != nil && old.fingerprint == chatFingerprint(env, s.Kind)
		if isCurrent {
			continue
		}
		if err := c.add(ctx, env, s); err != nil {
			faults = append(faults, err)
		}
	}

	c.mountHandlers()
	return errors.Join(faults...)
}

// remove removes a surface. It doesn't wait until the surface's connection has ended.
func (c *chats) remove(kind string, old *chat) {
	c.app.engine.SetSurface(old.account, nil)
	c.setOpen(kind, nil)
	c.endConnection(old)
	c.removed[kind] = old
}

// add makes a surface and registers it with the engine.
// Errors: credentials in the environment are wrong. Wrong credentials from the page are only logged: Parley has to run
// for an admin to correct them there.
func (c *chats) add(ctx context.Context, env Env, s SurfaceSpec) error {
	a := c.app
	made, err := c.makeSurface(ctx, env, s)
	if err != nil {
		if s.Named == nil || a.env.hasChat(s.Kind) {
			return err
		}
		a.log.Error("chat not connected by what is stored", "surface", s.Kind, "error", err)
		return nil
	}
	c.setOpen(s.Kind, &chat{opened: made, fingerprint: chatFingerprint(env, s.Kind), predecessor: c.takePredecessor(s.Kind)})
	a.engine.SetSurface(made.account, made.surface)
	a.engine.Desk(made.account).Gap() // don't send older replies until the surface has read what it missed
	return nil
}

// takePredecessor returns the chat that a new one replaces: the connected one, or else the one that was removed last; nil
// if there is neither. The new chat must not connect before its predecessor has disconnected. Chats such as Slack
// deliver each event to only one connection, so two at once would each miss events.
func (c *chats) takePredecessor(kind string) *chat {
	one := c.open[kind]
	if one == nil {
		one = c.removed[kind]
	}
	delete(c.removed, kind)
	return one
}

// makeSurface makes a surface, and its account if it has none yet.
func (c *chats) makeSurface(ctx context.Context, env Env, s SurfaceSpec) (opened, error) {
	a := c.app
	o := SurfaceOptions{Log: a.log, Now: a.opt.Now, Sweep: a.opt.Sweep, LinkKeys: a.links.keys}
	list, err := openSurfaces(ctx, env, a.db, a.engine, []SurfaceSpec{s}, o)
	if err != nil {
		return opened{}, err
	}

	made := list[0]
	isKnown := slices.ContainsFunc(a.engine.Accounts(), func(row store.Account) bool { return row.ID == made.account })
	if !isKnown {
		if err := a.engine.Reload(ctx); err != nil {
			return opened{}, err
		}
	}

	return made, nil
}

// setOpen sets the connected surface of a kind; nil removes it.
func (c *chats) setOpen(kind string, one *chat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one == nil {
		delete(c.open, kind)
		return
	}
	c.open[kind] = one
}

// mountHandlers routes HTTP requests to the current surfaces, each behind a limiter.
func (c *chats) mountHandlers() {
	mux := http.NewServeMux()
	for _, r := range c.list() {
		for pattern, handler := range r.surface.Handlers() {
			mux.Handle(pattern, newLimiter(c.app.bodies, c.app.refusedCounter(r.account)).wrapHandler(handler))
		}
	}
	c.mux.Store(mux)
}

// connect starts the connections of surfaces that have none. Each waits until its predecessor's connection has ended.
func (c *chats) connect(ctx context.Context) {
	for _, one := range c.open {
		if one.done != nil {
			continue
		}

		var connection context.Context
		connection, one.stop = context.WithCancel(ctx)
		one.done = make(chan struct{})
		predecessor := one.predecessor
		one.predecessor = nil
		c.connecting.Go(func() {
			defer close(one.done)

			if predecessor != nil && predecessor.done != nil {
				predecessor.stop()
				<-predecessor.done
			}

			c.app.runSurface(connection, one.opened)
		})
	}
}

// endConnection asks a connection to end, and doesn't wait for that.
func (c *chats) endConnection(one *chat) {
	if one.stop != nil {
		one.stop()
	}
}

// awaitConnected waits until a chat uses its stored credentials, for at most connectTimeout.
func (c *chats) awaitConnected(ctx context.Context, kind string) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	env, err := c.app.db.SignedIn(ctx, c.app.env)
	if err != nil {
		return
	}
	if err := c.app.engine.Reload(ctx); err != nil { // wakes followSetUp
		return
	}

	for !c.runsWith(kind, chatFingerprint(env, kind)) {
		if !wire.For(ctx, connectInterval) {
			return
		}
	}
}

// runsWith reports whether a chat is connected with the credentials that have this fingerprint.
func (c *chats) runsWith(kind string, fingerprint [32]byte) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	one := c.open[kind]
	return one != nil && one.fingerprint == fingerprint
}

// newRosterKeeper returns what synchronises the members of a team with the members of its channel in Slack or Teams,
// where an admin has asked for that.
func (a *App) newRosterKeeper() *operate.RosterKeeper {
	return operate.NewRoster(operate.RosterOptions{
		Pool:    a.db.Pool,
		Sealer:  a.db.Sealer,
		Specs:   a.opt.Specs,
		Surface: a.chats.findSurface,
		Log:     a.log,
	})
}
