package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// Options of an Engine.
type Options struct {
	Pool *pgxpool.Pool
	Log  *slog.Logger
	// Objects stores the bytes of old blobs outside the database; nil means that the database holds all of them.
	Objects blob.Objects
	// Original makes the signed link to a mail's HTML original. If it is nil, because there is no public URL, the
	// original is uploaded as a file instead.
	Original func(message store.MessageID) string
	// FileLink makes the signed public URL of an outgoing message's file, which Engine.Files opens; nil if there
	// is no public URL.
	FileLink func(message store.MessageID, file string) string
	// AccountPage makes the URL of the page on which an admin reconnects an account; nil if there is no public URL.
	AccountPage func(channel, name string) string
	// Dashboard makes the URL of the page with a team's statistics of some days (yyyy-mm-dd); team 0 means all
	// teams. nil if there is no public URL.
	Dashboard DashboardLink
	// Relay has the intervals of the relay; zero values mean those of production.
	Relay relay.Options
	// Specs describe the channels: names and icons.
	Specs []channels.Spec
	// Analyzer analyses customers' messages; nil disables analysis.
	Analyzer analysis.Analyzer
	// AITokensADay is the default limit of model tokens per account and day; 0 means no limit.
	AITokensADay int
	// Sealer encrypts the stored requests to models; nil means that none are stored.
	Sealer *store.Sealer
	// SurfaceNames are the display names of the surfaces, by kind.
	SurfaceNames map[string]string
	// Backoff lists the pauses between attempts to send a reply that failed for certain; nil means 2 s to 4 h.
	Backoff []time.Duration
	// GapWait limits how long replies wait for a surface to report the events it has missed; 0 means 30 s.
	GapWait time.Duration
	// AudienceAge is how long the last known members of an account's own chat channel may read its conversations
	// while the surface can't list the members; 0 means 10 min.
	AudienceAge time.Duration
	// ReachEvery is how often each surface is asked whether it can be reached; 0 means 20 s.
	ReachEvery time.Duration

	// BoardEvery is how often the board of a channel may be changed; 0 means a minute.
	BoardEvery time.Duration
	// MaxHold is the longest time that a reply is held back, in all, so that its author can undo it. Twice the
	// account's hold is always allowed. 0 means 60 s.
	MaxHold time.Duration
	// StalledAfter is the time without a heartbeat after which this process counts as having been suspended, for
	// example with its virtual machine; 0 means 2 s.
	StalledAfter time.Duration
	// ReadsLate switches reading ahead off: a batch reads each row only when it is asked for. Tests show that this changes nothing else.
	ReadsLate bool
	// CardWait is how long the update of a conversation's card waits for further changes, unless somebody clicked;
	// 0 means 1.5 s.
	CardWait time.Duration
}

// Engine applies the events of the journal (messages of customers, actions of agents, results of deliveries) to conversations. It
// connects the channels, through which customers write (e-mail, WhatsApp, …), with the surfaces, the chats in which agents work
// (Slack, Teams). For example, it turns a customer's mail into a thread in Slack, and an agent's reply there into a mail.
//
// The relay, which owns ordering, retries and delivery, calls the Engine for each batch of events (Decode, Apply) and each attempt to
// deliver. The use cases themselves are in the packages below this one. An Engine is safe for concurrent use.
type Engine struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	opt   Options
	relay *relay.Relay
	files *Reader
	*Sender

	directory atomic.Pointer[Directory] // accounts, agents, teams and settings; replaced as a whole
	presence
	directoryChanged chan struct{} // closed and replaced when the directory changes; guarded by mu
	mu               sync.RWMutex  // guards directoryChanged, channels and surfaces
	channels         map[store.AccountID]channels.Channel
	surfaces         map[store.AccountID]*Desk
	gates            *Gates
	troubles         *troubles
	attention        *attention
	reading          *ReadingReader
	chores           *Chores
	servedSince      servedSince   // Run reads it before all other work
	stopping         chan struct{} // closed when Run's context ends
}

// AnalysisCounts returns counts of the analyses that this process made, by outcome.
func (e *Engine) AnalysisCounts() AnalysisCounts { return e.chores.Analyses.Counts() }

// isChannel reports whether an account belongs to the customers' side.
func (e *Engine) isChannel(account store.AccountID) bool {
	a := e.directory.Load().Account(account)
	return a != nil && a.Side == store.SideChannel
}

// Reload reads the directory at once. Run does so only within a second of a change.
func (e *Engine) Reload(ctx context.Context) error {
	d, err := store.LoadDirectory(ctx, e.pool)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	e.directory.Store(NewDirectory(d))
	e.mu.Lock()
	close(e.directoryChanged)
	e.directoryChanged = make(chan struct{})
	e.mu.Unlock()
	return nil
}

// DirectoryChanged returns a channel that is closed at the next change of the directory.
func (e *Engine) DirectoryChanged() <-chan struct{} {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.directoryChanged
}

// Accounts returns the accounts of the current directory. The caller must not modify them.
func (e *Engine) Accounts() []store.Account { return e.directory.Load().Accounts }

// Files returns the reader of messages' files.
func (e *Engine) Files() *Reader { return e.files }

// Relay returns the Engine's Relay, for its metrics.
func (e *Engine) Relay() *relay.Relay { return e.relay }

// SetChannel registers the channel of an account, and lets the relay process the account's events; nil unregisters it.
func (e *Engine) SetChannel(account store.AccountID, ch channels.Channel) {
	_, reportsItself := ch.(channels.Runner)
	if ch != nil && !reportsItself {
		e.troubles.endRun(account)
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	if ch == nil {
		delete(e.channels, account)
		e.relay.CloseAccount(account)
		return
	}
	e.channels[account] = ch
	e.relay.OpenAccount(account)
}

// Desk returns the engine's API for the surface of an account. It is always the same one for an account.
func (e *Engine) Desk(account store.AccountID) *Desk {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.surfaces[account] == nil {
		e.surfaces[account] = &Desk{e: e, account: account}
	}
	return e.surfaces[account]
}

// SetSurface registers the surface of an account, and lets the relay process the account's events.
func (e *Engine) SetSurface(account store.AccountID, s bridge.Surface) {
	d := e.Desk(account)
	e.mu.Lock()
	defer e.mu.Unlock()
	d.surface = s
	e.relay.OpenAccount(account)
}

// Channel returns the channel of an account, or nil while none is registered.
func (e *Engine) Channel(account store.AccountID) channels.Channel {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.channels[account]
}

// Surface returns the surface of an account, or nil while none is registered.
func (e *Engine) Surface(account store.AccountID) bridge.Surface {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if d := e.surfaces[account]; d != nil {
		return d.surface
	}
	return nil
}

// Accept stores facts of an account; see channels.Accept.
func (e *Engine) Accept(ctx context.Context, account store.AccountID, facts ...channels.Fact) error {
	return e.relay.Accept(ctx, account, facts...)
}

// Run works until ctx ends. Then it finishes work in progress, for at most grace.
func (e *Engine) Run(ctx context.Context, grace time.Duration) error {
	if !e.readRestoreTime(ctx) {
		return nil // ctx ended before work began
	}
	defer context.AfterFunc(ctx, func() { close(e.stopping) })()

	var group errgroup.Group
	group.Go(func() error { return e.relay.Run(ctx, grace) })
	group.Go(func() error { return e.watchSettings(ctx) })
	group.Go(func() error { return e.runPresence(ctx) })
	group.Go(func() error { return e.chores.Run(ctx) })
	group.Go(func() error { return e.reading.RunAudiences(ctx) })
	e.attention.setOpen(true)
	err := group.Wait()
	e.attention.setOpen(false)
	e.attention.showing.Wait()
	return err
}

const (
	settingsInterval  = time.Second
	followInterval    = 10 * time.Minute // even without a change, because business hours depend on the date
	retryEndsInterval = time.Minute      // between attempts to write the ends of troubles; see troubles.retryEnds
)

// watchSettings reads the directory again when the version of the settings has changed, and updates what depends on them. It runs
// until ctx ends.
func (e *Engine) watchSettings(ctx context.Context) error {
	tick := time.NewTicker(settingsInterval)
	defer tick.Stop()

	followed := int64(-1) // the version of the settings for which followSettings succeeded last
	now := time.Now()     //nolint:forbidigo // only how long ago
	followedAt, retriedAt := now, now
	for {
		version := e.directory.Load().Version
		isDue := version != followed || now.Sub(followedAt) >= followInterval
		if isDue && e.followSettings(ctx) {
			followed, followedAt = version, now
		}

		select {
		case <-ctx.Done():
			return nil
		case now = <-tick.C:
		}

		err := e.readSettings(ctx)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("settings not read", "error", err)
		}
		if now.Sub(retriedAt) >= retryEndsInterval {
			retriedAt = now
			e.troubles.retryEnds() //nolint:contextcheck // conditions are written with their own time limit
		}
	}
}

// followSettings applies changed settings: it resets the timers of the evening lists, unassigns the conversations of who
// no longer works on their accounts, and has teams told of what nobody takes. It returns false if it failed and has to be tried again.
func (e *Engine) followSettings(ctx context.Context) bool {
	err := errors.Join(e.chores.SetEvenings(ctx), e.chores.FreeOfFormerAgents(ctx), e.chores.TellUntaken(ctx))
	if err != nil && ctx.Err() == nil {
		e.log.Warn("evening lists, or conversations that are nobody's, not looked after", "error", err)
		return false
	}
	return true
}

// readSettings reads which accounts don't work, and the directory if it is out of date. Then it ends the troubles (recorded failures)
// of chat channels in which threads no longer open.
func (e *Engine) readSettings(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	if err := e.troubles.readBroken(ctx); err != nil {
		return err
	}
	version, _, err := store.SettingsVersion(ctx, e.pool)
	if err == nil && version != e.directory.Load().Version {
		err = e.Reload(ctx)
	}

	e.troubles.endOfFormerChannels(e.directory.Load()) //nolint:contextcheck // conditions are written with their own time limit
	return err
}

// newWork makes the state of one batch, which is applied in the transaction tx. now is the time by Parley's clock, which tests can set;
// real is the database's time.
func (e *Engine) newWork(tx pgx.Tx, dir *Directory, now, real time.Time) *work {
	b := NewBook(BookOptions{
		Directory: dir,
		Verbs:     e.reading.Verbs,
		Channel:   e.Channel,
		Gates:     e.gates,
		Writes:    e.writer() != nil,
		LeaseFor:  e.opt.Relay.LeaseFor,
		Moment:    Moment{Now: now, DatabaseNow: real, IDs: e.idsOf(tx)},
	})

	return &work{
		Writer:   NewThreads(b, e.Surface, e.reading, e.files),
		e:        e,
		Restored: e.servedSince.time(),
		MaxHold:  e.opt.MaxHold,
		looked:   looked{messages: map[store.MessageID]bool{}},
	}
}
