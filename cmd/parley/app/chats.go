package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/pause"
	"parley/cmd/parley/roster"
	"parley/cmd/parley/site"
	"parley/store"
	"parley/store/credential"
)

// chats keeps the surfaces at work: those that the environment names, and those to which an admin gave the credentials
// on a page. When these change, in whichever replica, the surface is made anew; the one before ends first.
type chats struct {
	app *App
	mux atomic.Pointer[http.ServeMux] // the requests of all surfaces
	env atomic.Pointer[Env]           // with what was stored of the chats when they were last brought up to date

	mu   sync.RWMutex
	open map[string]*chat // by kind
	left map[string]*chat // those that were taken away last, by kind, which may be about to end; only follow uses it

	connecting sync.WaitGroup // the connections of all chats, also of those that end
}

// chat is a surface at work.
type chat struct {
	opened
	print  [32]byte // the fingerprint of its credentials
	before *chat    // whom it takes the place of; nil = nobody
	stop   context.CancelFunc
	done   chan struct{} // closed when its connection has ended; nil = it was never begun
}

func newChats(a *App) *chats {
	c := &chats{app: a, open: map[string]*chat{}, left: map[string]*chat{}}
	c.mux.Store(http.NewServeMux())
	c.env.Store(&a.env)
	return c
}

// signedIn returns the environment with what is stored of the chats.
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

// surface returns one of them; nil = it isn't connected.
func (c *chats) surface(kind string) bridge.Surface {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if one := c.open[kind]; one != nil {
		return one.surface
	}
	return nil
}

// ServeHTTP passes a request to the surface that takes it.
func (c *chats) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.Load().ServeHTTP(w, r) }

// follow keeps the chats connected, and follows the set-up, until ctx ends.
func (c *chats) follow(ctx context.Context) error {
	defer c.connecting.Wait()
	for {
		changed := c.app.engine.Changed()
		err := c.refresh(ctx)
		if err != nil && ctx.Err() == nil {
			c.app.log.Error("chats not brought up to date", "error", err)
		}
		c.connect(ctx)
		if again := c.again(ctx, changed, err != nil); !again {
			return nil
		}
	}
}

// again waits until the set-up changes, or after an error for a while; false if ctx ends first.
func (c *chats) again(ctx context.Context, changed <-chan struct{}, failed bool) bool {
	var retry <-chan time.Time
	if failed {
		timer := time.NewTimer(surfaceRetry)
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

// refresh puts surfaces to work whose credentials are new, in place of those before, and takes away those that have
// none any more.
func (c *chats) refresh(ctx context.Context) error {
	a := c.app
	env, err := a.db.SignedIn(ctx, a.env)
	if err != nil {
		return err
	}
	c.env.Store(&env)
	var faults []error
	for _, s := range a.opt.Surfaces {
		old, print := c.open[s.Kind], printOf(env, s.Kind) // nobody else changes open
		named := s.Named == nil || s.Named(env)
		switch {
		case !named && old != nil:
			a.engine.SetSurface(old.account, nil)
			c.put(s.Kind, nil)
			c.end(old)
			c.left[s.Kind] = old
		case !named || old != nil && old.print == print:
		default:
			fresh, err := c.make(ctx, env, s)
			if err != nil && (s.Named == nil || a.env.names(s.Kind)) {
				faults = append(faults, err)
				continue
			}
			if err != nil { // the environment's faults end a start; those of a page don't, where they can be mended
				a.log.Error("chat not connected by what is stored", "surface", s.Kind, "error", err)
				continue
			}
			c.put(s.Kind, &chat{opened: fresh, print: print, before: c.before(s.Kind)})
			a.engine.SetSurface(fresh.account, fresh.surface)
			a.engine.Desk(fresh.account).Gap() // until the surface caught up, nothing typed before may leave
		}
	}
	c.route()
	return errors.Join(faults...)
}

// before returns the chat whose place a new one takes: the one at work, or the one that was taken away last and may not
// have ended yet; nil = there was none. Two at once would tell the engine of each other's gaps as of their own.
func (c *chats) before(kind string) *chat {
	one := c.open[kind]
	if one == nil {
		one = c.left[kind]
	}
	delete(c.left, kind)
	return one
}

// make makes a surface, and its account if there is none.
func (c *chats) make(ctx context.Context, env Env, s SurfaceSpec) (opened, error) {
	a := c.app
	list, err := openSurfaces(ctx, env, a.db, a.engine, []SurfaceSpec{s}, SurfaceOptions{Log: a.log, Now: a.opt.Now, Sweep: a.opt.Sweep, LinkKeys: a.links.keys})
	if err != nil {
		return opened{}, err
	}
	if !slices.ContainsFunc(a.engine.Accounts(), func(row store.Account) bool { return row.ID == list[0].account }) {
		err = a.engine.Reload(ctx)
	}
	return list[0], err
}

func (c *chats) put(kind string, one *chat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one == nil {
		delete(c.open, kind)
		return
	}
	c.open[kind] = one
}

// route mounts what the surfaces answer.
func (c *chats) route() {
	mux := http.NewServeMux()
	for _, r := range c.list() {
		for pattern, handler := range r.surface.Handlers() {
			mux.Handle(pattern, newBound(c.app.bodies, c.app.refused(r.account)).handler(handler))
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
		var own context.Context
		own, one.stop = context.WithCancel(ctx)
		one.done = make(chan struct{})
		before := one.before
		one.before = nil
		c.connecting.Go(func() {
			defer close(one.done)
			if before != nil && before.done != nil {
				before.stop()
				<-before.done
			}
			c.app.runSurface(own, one.opened)
		})
	}
}

// end ends a connection and waits for nobody.
func (c *chats) end(one *chat) {
	if one.stop != nil {
		one.stop()
	}
}

// printOf is a hash of what signs in to a chat. If it changes, the surface is made anew.
func printOf(env Env, kind string) [32]byte {
	values := []any{env.SlackBotToken, env.SlackAppToken, env.SlackSigningSecret}
	if kind == kindTeams {
		values = []any{env.Teams.AppID, env.Teams.AppPassword, env.Teams.TenantID}
	}
	body, _ := json.Marshal(values) // plain data
	return sha256.Sum256(body)
}

// settleTime is how long an admin who gave new credentials waits for the chat to be at work with them.
const settleTime = 10 * time.Second

// settle waits until a chat is at work with what is stored of it now, or until the time is over.
func (c *chats) settle(ctx context.Context, kind string) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	env, err := c.app.db.SignedIn(ctx, c.app.env)
	if err == nil {
		err = c.app.engine.Reload(ctx) // follow learns of it at once
	}
	for err == nil && !c.works(kind, printOf(env, kind)) && pause.For(ctx, 20*time.Millisecond) {
	}
}

// works reports whether a chat is at work with these credentials.
func (c *chats) works(kind string, print [32]byte) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	one := c.open[kind]
	return one != nil && one.print == print
}

// SignedIn returns the environment with what is stored for chats that it doesn't name itself. The database must be
// unlocked.
// Errors: store.ErrWrongKey; the database's.
func (db *Database) SignedIn(ctx context.Context, env Env) (Env, error) {
	ctx, cancel := context.WithTimeout(ctx, watermarkTimeout)
	defer cancel()
	list, err := credential.List(ctx, db.Pool, db.Sealer)
	if err != nil {
		return env, err
	}
	for _, one := range list {
		if !env.names(one.Kind) {
			env = env.with(one.Kind, one.Values)
		}
	}
	return env, nil
}

// Chats that an admin may connect on a page.
const (
	kindSlack = "slack"
	kindTeams = "teams"
)

// names reports whether the environment names a chat.
func (e Env) names(kind string) bool {
	return kind == kindSlack && e.SlackBotToken != "" || kind == kindTeams && e.Teams.AppID != ""
}

// with returns an environment that has the credentials of a chat, by the names of fields of package site.
func (e Env) with(kind string, values map[string]string) Env {
	switch kind {
	case kindSlack:
		e.SlackBotToken, e.SlackAppToken, e.SlackSigningSecret = values[site.SlackBotToken], values[site.SlackAppToken], ""
	case kindTeams:
		e.Teams.AppID, e.Teams.AppPassword, e.Teams.TenantID = values[site.TeamsAppID], values[site.TeamsPassword], values[site.TeamsTenantID]
	}
	return e
}

// identify asks a chat about credentials that an admin typed. It keeps and changes nothing.
func (a *App) identify(ctx context.Context, kind string, values map[string]string) (string, []channels.Finding) {
	for _, s := range a.opt.Surfaces {
		if s.Kind != kind {
			continue
		}
		surface, err := s.New(a.env.with(kind, values), SurfaceOptions{Desk: a.engine.Desk(0), Log: a.log, OnlyLook: true}) // of no account: it has no channels
		if err != nil {
			return "", []channels.Finding{{What: s.Name, Text: err.Error(), Hint: "Copy all of them from the app's pages."}}
		}
		if i, ok := surface.(bridge.Identified); ok {
			return i.Identify(ctx)
		}
	}
	return "", []channels.Finding{{What: kind, Text: "this chat can't be asked from here", Hint: fmt.Sprintf("Set up %s by the environment.", kind)}}
}

// rosters knows the members of the teams' channels.
func (a *App) rosters() *roster.Keeper {
	return roster.New(roster.Options{Pool: a.db.Pool, Sealer: a.db.Sealer, Specs: a.opt.Specs, Surface: a.chats.surface, Log: a.log})
}

// StoredChats tells for which chats credentials are stored, each in a sentence that shows none of them.
func (db *Database) StoredChats(ctx context.Context) (notes []string, err error) {
	list, err := credential.List(ctx, db.Pool, nil)
	for _, c := range list {
		notes = append(notes, fmt.Sprintf("What signs Parley in to %s is stored in this database, and not written here: another one asks for it under First steps.", c.Kind))
	}
	return notes, err
}
