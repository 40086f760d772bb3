package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/book"
	"parley/bridge/engine/chores"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/reading"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// Options of an Engine.
type Options struct {
	Pool *pgxpool.Pool
	Log  *slog.Logger
	// Objects is the store of old blobs' bytes; nil means that the database has all of them.
	Objects blob.Objects
	// Original makes the signed link to a mail's HTML original; nil or "" means it is
	// uploaded as a file instead (no public URL).
	Original func(message store.MessageID) string
	// FileLink makes the signed public address of an outgoing message's file, which
	// Engine.Files opens; nil means there is none (no public URL).
	FileLink func(message store.MessageID, file string) string
	// AccountPage makes the address of the page on which an admin connects a channel's account
	// again; nil means admins are told of none (no public URL).
	AccountPage func(channel, name string) string
	// Dashboard makes the address of the page with a team's figures of some days, yyyy-mm-dd; the team
	// 0 stands for all. nil means there is none (no public URL).
	Dashboard workflow.DashboardLink
	// Relay's waits; zero values are those of production.
	Relay relay.Options
	// Specs of the channels, for names and icons.
	Specs []channels.Spec
	// Analyzer reads what customers write; nil means nothing is analysed.
	Analyzer analysis.Analyzer
	// AITokensADay is what a model may cost an account in a day that chose no limit; 0 means anything.
	AITokensADay int
	// Sealer seals what is kept of a model's questions; nil means nothing is kept.
	Sealer *store.Sealer
	// SurfaceNames are what people call the surfaces, by kind.
	SurfaceNames map[string]string
	// Backoff is the pauses between attempts at a reply that fails for certain; nil means 2 s to 4 h.
	Backoff []time.Duration
	// GapWait bounds how long replies wait for a surface to fill a gap; 0 means 30 s.
	GapWait time.Duration
	// AudienceAge is how long the people who were last seen in an account's own channel may read its
	// conversations while the surface can't tell who is there; 0 means 10 min.
	AudienceAge time.Duration
	// ReachEvery is how often each surface is asked whether it can be reached; 0 means 20 s.
	ReachEvery time.Duration
	// MaxHold is how long a reply is held in all, so that it can be taken back, if that is longer than two holds; 0 means 60 s.
	MaxHold time.Duration
	// StalledAfter is for how long a process notes no beat that was stopped, for example with its machine; 0 means 2 s.
	StalledAfter time.Duration
	// CardWait is how long a root waits for further changes, unless somebody clicked; 0 means 1.5 s.
	CardWait time.Duration
}

// Engine applies what is in the journal (what customers write, what agents do, what became of deliveries) to conversations, by the
// use cases in the packages below this one. It knows the channels, through which customers write, and the surfaces, the chats in
// which agents work. The relay calls it for each batch of events and each attempt at a delivery.
type Engine struct {
	pool   *pgxpool.Pool
	log    *slog.Logger
	opt    Options
	relay  *relay.Relay
	files  *files.Reader
	sender *outbound.Sender

	directory atomic.Pointer[directory.Directory] // as it was read last; replaced as a whole
	presence
	directoryChanged chan struct{} // closed and replaced when the directory changes; guarded by mu
	mu               sync.RWMutex  // guards what follows, up to unusedIDs
	channels         map[store.AccountID]channels.Channel
	surfaces         map[store.AccountID]*Desk
	gates            *book.Gates
	unusedIDs        []*store.IDs // blocks of ids that earlier batches have not used up
	troubles         *troubles
	attention        *attention
	reading          *reading.Reader
	chores           *chores.Chores
	servedSince      servedSince // Run reads it before it begins all other work
	stopping         chan struct{}
}

// AnalysisCounts returns how the analyses of this process ended.
func (e *Engine) AnalysisCounts() chores.AnalysisCounts { return e.chores.Analyses.Counts() }

// isChannel reports whether an account is one of a channel, through which customers write.
func (e *Engine) isChannel(account store.AccountID) bool {
	a := e.directory.Load().Account(account)
	return a != nil && a.Side == store.SideChannel
}

// Reload reads the directory now instead of within a second.
func (e *Engine) Reload(ctx context.Context) error {
	d, err := store.LoadDirectory(ctx, e.pool)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	e.directory.Store(directory.New(d))
	e.mu.Lock()
	close(e.directoryChanged)
	e.directoryChanged = make(chan struct{})
	e.mu.Unlock()
	return nil
}

// DirectoryChanged returns a channel that is closed once the directory has changed after the call.
func (e *Engine) DirectoryChanged() <-chan struct{} {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.directoryChanged
}

// Accounts returns the accounts as they were read last.
func (e *Engine) Accounts() []store.Account { return e.directory.Load().Accounts }

// Files returns the files of messages.
func (e *Engine) Files() *files.Reader { return e.files }

// Relay returns the Relay that the Engine works with, for its counters.
func (e *Engine) Relay() *relay.Relay { return e.relay }

// SetChannel puts the channel of an account to work; nil takes it away.
func (e *Engine) SetChannel(account store.AccountID, ch channels.Channel) {
	if _, reports := ch.(channels.Runner); ch != nil && !reports {
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

// Desk returns what the surface of an account may ask of the engine.
func (e *Engine) Desk(account store.AccountID) *Desk {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.surfaces[account] == nil {
		e.surfaces[account] = &Desk{e: e, account: account}
	}
	return e.surfaces[account]
}

// SetSurface puts a surface to work.
func (e *Engine) SetSurface(account store.AccountID, s bridge.Surface) {
	d := e.Desk(account)
	e.mu.Lock()
	defer e.mu.Unlock()
	d.surface = s
	e.relay.OpenAccount(account)
}

// Channel returns the channel of an account; nil while it isn't there.
func (e *Engine) Channel(account store.AccountID) channels.Channel {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.channels[account]
}

// Surface returns the chat of a surface's account; nil while it isn't there.
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

// Run works until ctx ends. Then it finishes what is under way, within grace.
func (e *Engine) Run(ctx context.Context, grace time.Duration) error {
	if !e.readRestoreTime(ctx) {
		return nil // asked to stop before it began
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
	followInterval    = 10 * time.Minute // though no setting has changed: business hours depend on the date
	retryEndsInterval = time.Minute      // between attempts to end troubles that could not be ended before
)

// watchSettings rereads the directory when the version of the settings has risen, and has what depends on them follow.
func (e *Engine) watchSettings(ctx context.Context) error {
	tick := time.NewTicker(settingsInterval)
	defer tick.Stop()

	followed := int64(-1) // the version of the settings that was followed last
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
			e.troubles.retryEnds() //nolint:contextcheck // conditions are written within a time of their own
		}
	}
}

// followSettings sets the timers of evening lists again, and frees the conversations of people who are no longer agents. It returns
// false if it has to be tried again.
func (e *Engine) followSettings(ctx context.Context) bool {
	err := errors.Join(e.chores.SetEvenings(ctx), e.chores.FreeOfFormerAgents(ctx))
	if err != nil && ctx.Err() == nil {
		e.log.Warn("evening lists, or conversations of former agents, not looked after", "error", err)
		return false
	}
	return true
}

// readSettings rereads which accounts don't work, and the directory if it is out of date. Then it ends the troubles of channels in
// which no threads open any more.
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

	e.troubles.endOfFormerChannels(e.directory.Load()) //nolint:contextcheck // conditions are written within a time of their own
	return err
}

// newWork makes the work on a batch. now is the time by Parley's clock, real by the database's.
func (e *Engine) newWork(dir *directory.Directory, now, real time.Time) *work {
	e.mu.Lock()
	defer e.mu.Unlock()
	ids := &store.IDs{}
	if n := len(e.unusedIDs); n > 0 {
		ids, e.unusedIDs = e.unusedIDs[n-1], e.unusedIDs[:n-1]
	}

	b := book.New(book.Options{
		Directory: dir,
		Verbs:     e.reading.Verbs,
		Channel:   e.Channel,
		Gates:     e.gates,
		Writes:    host{e}.Writer() != nil,
		LeaseFor:  e.opt.Relay.LeaseFor,
		Moment:    book.Moment{Now: now, DatabaseNow: real, IDs: ids},
	})

	return assembleWork(e, threads.New(b, e.Surface, e.reading, e.files))
}

// keepUnusedIDs keeps the ids that a batch has not used for a later one.
func (e *Engine) keepUnusedIDs(w *work) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unusedIDs = append(e.unusedIDs, w.IDs)
}
