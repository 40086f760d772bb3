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
	"parley/channels/pause"
	"parley/cmd/parley/roster"
	"parley/store"
)

const (
	connectTimeout  = 10 * time.Second      // how long an admin who gave new credentials waits for the chat to be at work with them
	connectInterval = 20 * time.Millisecond // between two looks whether it is
)

// chats runs the agents' side of Parley. A surface is the code for one kind of chat in which agents work, such as Slack. It gets its
// credentials from the environment, or from an admin who gave them on a page. When they change, in whichever process, the surface is
// made anew, and its connection begins when that of the old one has ended.
type chats struct {
	app *App
	mux atomic.Pointer[http.ServeMux] // the requests of all surfaces
	env atomic.Pointer[Env]           // the environment with the stored credentials, as of the last refresh

	mu   sync.RWMutex     // guards open. One goroutine changes it, by refresh, and reads it without the lock
	open map[string]*chat // by kind

	removed    map[string]*chat // by kind: the chat that was removed last, and may not have ended yet. Only refresh uses it
	connecting sync.WaitGroup   // the connections of all chats, also of those that are to end
}

// chat is a surface at work.
type chat struct {
	opened
	fingerprint [32]byte // of its credentials
	predecessor *chat    // its connection waits for the end of this one's; nil if there is none, or once the connection has begun
	stop        context.CancelFunc
	done        chan struct{} // closed when its connection has ended; nil if it was never begun
}

func newChats(a *App) *chats {
	c := &chats{app: a, open: map[string]*chat{}, removed: map[string]*chat{}}
	c.mux.Store(http.NewServeMux())
	c.env.Store(&a.env)
	return c
}

// signedIn returns the environment with the stored credentials of the chats.
func (c *chats) signedIn() Env { return *c.env.Load() }

// list returns the surfaces at work.
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

// ServeHTTP passes a request to the surface that takes it.
func (c *chats) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.Load().ServeHTTP(w, r) }

// followSetUp keeps the chats connected, and follows the set-up, until ctx ends.
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

// waitForChange waits until the set-up changes. If refresh has failed, it waits for reconnectPause at most. It returns false if ctx
// ends first.
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

// refresh makes surfaces whose credentials are new or have changed, and removes those that have none any more.
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

// remove takes a surface from its work. Its connection may end later.
func (c *chats) remove(kind string, old *chat) {
	c.app.engine.SetSurface(old.account, nil)
	c.setOpen(kind, nil)
	c.endConnection(old)
	c.removed[kind] = old
}

// add makes a surface and puts it to work.
// Errors: those of credentials in the environment. Those of credentials that were given on a page are only logged, so that Parley
// starts, and an admin can correct them on the page.
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
	a.engine.Desk(made.account).Gap() // until the surface has caught up, nothing that was typed before may be sent
	return nil
}

// takePredecessor returns the chat that a new one replaces: the one at work, or the one that was removed last. It returns nil if
// there was none. The new chat waits for its end: of two connections at once, each would miss the events that the other one got.
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

// setOpen sets the surface of a kind that is at work; nil removes it.
func (c *chats) setOpen(kind string, one *chat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one == nil {
		delete(c.open, kind)
		return
	}
	c.open[kind] = one
}

// mountHandlers mounts the handlers of the surfaces at work.
func (c *chats) mountHandlers() {
	mux := http.NewServeMux()
	for _, r := range c.list() {
		for pattern, handler := range r.surface.Handlers() {
			mux.Handle(pattern, newBound(c.app.bodies, c.app.refusedCounter(r.account)).wrapHandler(handler))
		}
	}
	c.mux.Store(mux)
}

// connect begins the connections of surfaces that have none. Each waits until the one before it has ended.
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

// endConnection ends a connection. It doesn't wait until the connection has ended.
func (c *chats) endConnection(one *chat) {
	if one.stop != nil {
		one.stop()
	}
}

// awaitConnected waits until a chat is at work with its stored credentials, at most connectTimeout.
func (c *chats) awaitConnected(ctx context.Context, kind string) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	env, err := c.app.db.SignedIn(ctx, c.app.env)
	if err != nil {
		return
	}
	if err := c.app.engine.Reload(ctx); err != nil { // so that followSetUp learns of the change at once
		return
	}

	for !c.runsWith(kind, chatFingerprint(env, kind)) {
		if !pause.For(ctx, connectInterval) {
			return
		}
	}
}

// runsWith reports whether a chat is at work with these credentials.
func (c *chats) runsWith(kind string, fingerprint [32]byte) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	one := c.open[kind]
	return one != nil && one.fingerprint == fingerprint
}

// newRosterKeeper makes what keeps the agents of a team the same as the members of its channel, where an admin asked for that.
func (a *App) newRosterKeeper() *roster.Keeper {
	return roster.New(roster.Options{Pool: a.db.Pool, Sealer: a.db.Sealer, Specs: a.opt.Specs, Surface: a.chats.findSurface, Log: a.log})
}
