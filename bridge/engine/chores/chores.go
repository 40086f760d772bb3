// Package chores does in the background what belongs to no batch of events: it fetches the files that
// providers keep, has what customers write analysed and texts written that are asked for, measures how the team does, tells providers of templates, follows channels that moved, tells admins by mail that a chat can't be reached, sets the timers of evening
// lists, and clears away what nobody needs.
//
// What does not belong here: what any of it means for a conversation. Results come back as facts
// (package own).
package chores

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/directory"
	"parley/channels"
	"parley/store"
)

// timeout bounds a look at the database.
const timeout = 5 * time.Second

// Host is what chores need of the engine.
type Host interface {
	// Directory gives accounts, agents and teams as they were read last.
	Directory() *directory.Directory
	// Channel gives the channel of an account; nil while it isn't there.
	Channel(account store.AccountID) channels.Channel
	// Channels gives the channels that work in this process, by account.
	Channels() map[store.AccountID]channels.Channel
	// Surfaces gives the chats that work in this process, by account.
	Surfaces() map[store.AccountID]bridge.Surface
	// ReachEvery is how often each chat is asked whether it answers.
	ReachEvery() time.Duration
	// SurfaceName names a chat for people.
	SurfaceName(dir *directory.Directory, surface store.AccountID) string
	// Analyzer reads what customers write; nil means nothing is analysed.
	Analyzer() analysis.Analyzer
	// AITokensADay is what a model may cost an account in a day that chose no limit; 0 means anything.
	AITokensADay() int
	// Sealer seals what is kept of the model's questions; nil means nothing is kept.
	Sealer() *store.Sealer
	// Writer writes texts that are asked for; nil means nobody does.
	Writer() analysis.Writer
	// Trouble tells the admins, once, why what of an account fails; with nil, that it works again.
	Trouble(account store.AccountID, what string, c *channels.Condition)
	// Busy says that there is much to do, so that what may be late gives way.
	Busy() bool
	// Wake tells that facts of Parley's own were journalled.
	Wake()
}

// Chores are the background work of one process.
type Chores struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	host  Host
	fetch chan struct{} // files may be there to be fetched

	Analyses *Analyses
}

// Analyses has read what customers write, and has texts written.
type Analyses struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	host  Host
	write chan struct{} // texts may have been asked for

	tally     tally
	condition lastCondition
}

// New makes the chores of a process.
func New(pool *pgxpool.Pool, log *slog.Logger, host Host) *Chores {
	return &Chores{pool: pool, log: log, host: host, fetch: make(chan struct{}, 1),
		Analyses: &Analyses{pool: pool, log: log, host: host, write: make(chan struct{}, 1)}}
}

// Run works until ctx ends.
func (cs *Chores) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return every(ctx, cs.log, templateEvery, "looking after templates", cs.workTemplates) })
	group.Go(func() error { return every(ctx, cs.log, movePause, "moving a channel", cs.moveChannels) })
	group.Go(func() error { return cs.runFetches(ctx) })
	group.Go(func() error { return every(ctx, cs.log, cs.host.ReachEvery(), "asking the chats", cs.reachAll) })
	group.Go(func() error { return every(ctx, cs.log, noticeEvery, "telling admins", cs.sendNotices) })
	if a := cs.host.Analyzer(); a != nil {
		group.Go(func() error { return cs.Analyses.run(ctx, a) })
	}
	if w := cs.host.Writer(); w != nil {
		group.Go(func() error { return cs.Analyses.runWriting(ctx, w) })
	}
	group.Go(func() error {
		return every(ctx, cs.log, solvedEvery, "learning from resolved conversations", cs.Analyses.learn)
	})
	group.Go(func() error { return every(ctx, cs.log, measureEvery, "measuring", (&measurer{chores: cs}).round) })
	group.Go(func() error {
		cs.keepOldWords(ctx)
		return every(ctx, cs.log, tidyEvery, "tidying", cs.tidy)
	})
	return group.Wait()
}

// every does a round of work now and after each pause until ctx ends; the log names the work when a
// round did not go well.
func every(ctx context.Context, log *slog.Logger, pause time.Duration, work string, round func(context.Context) error) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := round(ctx); err != nil && ctx.Err() == nil {
			log.Warn("a round of work failed", "what", work, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
