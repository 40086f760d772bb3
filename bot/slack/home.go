package slack

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// The home tab is the page that Slack shows when somebody presses the app's icon. Parley publishes an agent's own one: a list of
// conversations with buttons. Slack doesn't ask for it again, so this file keeps the tabs of those who opened theirs lately up to
// date: it looks at each from time to time, and publishes it again only if it would show something else.

const (
	homeLasts   = 15 * time.Minute // how long after a person's last click there their home tab is kept up to date
	homeEvery   = 10 * time.Second // how often a home tab is looked at, unless its person waits for it
	homeTick    = time.Second      // how often something may be due
	homeTimeout = 5 * time.Second  // for one home tab

	// Slack allows 100 calls of views.publish a minute. Those for changes that nobody waits for leave some for those who do.
	homesPerMinute = 75
	homesAtOnce    = 20
	homesReserved  = 10
	unlimited      = 1e6 // the rate if Slack's limits are off
)

// homes keeps home tabs up to date. Which ones is kept in memory: if a person's next click reaches another process, that one goes
// on, and this one notices by the hash of what Slack shows.
type homes struct {
	*workspace

	forms func() forms.Maker
	rate  float64 // multiplies what is allowed a minute
	wake  chan struct{}

	mu     sync.Mutex // guards the fields below
	open   map[bridge.SurfaceUser]*home
	tokens float64 // how many may be published now
	filled time.Time
	barred time.Time // until when Slack wants no more
}

// home is the home tab of one person.
type home struct {
	args  bridge.Args // of VerbList: what it shows
	seen  time.Time   // when the person opened it or clicked there
	due   time.Time   // when to look at it again
	asked bool        // the person waits for it
	hash  string      // Slack's, of what it shows
	shown string      // a digest of what it shows
}

func newHomes(w *workspace, maker func() forms.Maker, rate float64) *homes {
	if rate == 0 {
		rate = unlimited
	}
	return &homes{workspace: w, forms: maker, rate: rate, wake: make(chan struct{}, 1), open: map[bridge.SurfaceUser]*home{}}
}

// opened has the home tab of a person published. private is the private data of what it shows now, by which it keeps its list.
func (h *homes) opened(user bridge.SurfaceUser, private string) {
	h.show(user, readHome(private))
}

// readHome returns what a home tab shows, by its private data: the arguments of VerbList.
func readHome(private string) bridge.Args {
	memory := blockkit.ReadMemory(private)
	_, args, err := verb.Pressed(memory.Verb, memory.Args)
	if err != nil {
		return bridge.Args{}
	}
	return args
}

// show has a list published in a person's home tab.
func (h *homes) show(user bridge.SurfaceUser, args bridge.Args) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	h.open[user] = &home{args: args, seen: now, due: now, asked: true}
	select {
	case h.wake <- struct{}{}:
	default: // it is about to wake up anyway
	}
}

// touched has the home tab of a person who has clicked somewhere looked at soon, when the engine has handled the click.
func (h *homes) touched(in *interaction) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	tab := h.open[in.User.ID]
	if in.View.IsHome() {
		if tab == nil { // another process has published it
			tab = &home{args: readHome(in.View.Private)}
			h.open[in.User.ID] = tab
		}
		tab.seen = now
	}
	if tab != nil && !tab.asked {
		tab.due = now.Add(refreshWait)
	}
}

// run publishes home tabs until ctx ends.
func (h *homes) run(ctx context.Context) {
	tick := time.NewTicker(homeTick)
	defer tick.Stop()
	for {
		h.pass(ctx)
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		case <-tick.C:
		}
	}
}

// pass looks at all home tabs that are due, one after the other.
func (h *homes) pass(ctx context.Context) {
	for ctx.Err() == nil {
		user, tab, ok := h.next()
		if !ok {
			return
		}
		err := withTimeout(ctx, homeTimeout, func(ctx context.Context) error { return h.refresh(ctx, user, tab) })
		h.done(user, tab, err)
	}
}

// next returns the home tab that is to be looked at now: one whose person waits for it, or else the one that is due longest. The
// result is a copy.
func (h *homes) next() (user bridge.SurfaceUser, tab *home, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	maps.DeleteFunc(h.open, func(_ bridge.SurfaceUser, tab *home) bool { return now.Sub(tab.seen) > homeLasts })
	h.tokens = min(homesAtOnce*max(1, h.rate), h.tokens+now.Sub(h.filled).Minutes()*homesPerMinute*h.rate)
	h.filled = now
	if h.tokens < 1 || now.Before(h.barred) {
		return "", nil, false
	}

	for _, u := range slices.Sorted(maps.Keys(h.open)) {
		other := h.open[u]
		mayBe := other.asked || h.tokens >= homesReserved
		if !mayBe || now.Before(other.due) {
			continue
		}
		isBefore := tab == nil || other.asked && !tab.asked || other.asked == tab.asked && other.due.Before(tab.due)
		if isBefore {
			user, tab = u, other
		}
	}
	if tab == nil {
		return "", nil, false
	}
	copied := *tab
	return user, &copied, true
}

// done records what became of a home tab, unless its person has asked for another list meanwhile.
func (h *homes) done(user bridge.SurfaceUser, tab *home, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	wait, isLimited := RateLimit(err)
	if isLimited {
		h.barred = now.Add(wait)
	}
	current := h.open[user]
	if current == nil || current.asked && (!tab.asked || current.seen != tab.seen) || isLimited {
		return
	}

	switch code := CodeOf(err); {
	case code == "hash_conflict": // another process has published it since, and keeps it up to date
		delete(h.open, user)
		return
	case code == "not_enabled": // the app's manifest is an older one
		h.log.Warn("slack home tab is off: paste the new manifest", "error", err)
		delete(h.open, user)
		return
	case err != nil:
		h.log.Info("slack home tab not published", "error", err)
	default:
		current.hash, current.shown = tab.hash, tab.shown
	}
	current.asked = false
	if !current.due.After(tab.due) { // else somebody has touched it meanwhile
		current.due = now.Add(homeEvery)
	}
}

// refresh publishes a home tab if its person waits for it, or if it would show something else.
func (h *homes) refresh(ctx context.Context, user bridge.SurfaceUser, tab *home) error {
	self, err := h.identify(ctx)
	if err != nil {
		return err
	}
	made := h.make(ctx, self, user, tab)
	raw, err := json.Marshal(made)
	if err != nil {
		return err
	}
	digest := forms.Digest(string(raw))
	if digest == tab.shown && !tab.asked {
		return nil
	}

	h.mu.Lock()
	h.tokens--
	h.mu.Unlock()
	request := slackapi.PublishViewContextRequest{UserID: string(user), View: made}
	if !tab.asked && tab.hash != "" {
		request.Hash = &tab.hash
	}
	answer, err := h.api.PublishViewContext(ctx, request)
	if err != nil {
		return err
	}
	tab.hash, tab.shown = answer.Hash, digest
	return nil
}

// make returns what a person's home tab is to show: a list, or why there is none.
func (h *homes) make(ctx context.Context, self *Self, user bridge.SurfaceUser, tab *home) slackapi.HomeTabViewRequest {
	card, err := h.forms().Home(ctx, tab.args, user)
	if err != nil {
		card = view.NoHome(err)
	}
	return self.Home.HomeTab(card, tab.args)
}
