// Package chores does in the background what belongs to no batch of events. It fetches the files that providers keep;
// it has what customers write analysed, and texts written that are asked for; it measures how the team does; it tells
// providers of templates; it rewrites the ids of channels that have moved; it tells admins by mail that a chat can't be
// reached; it sets the timers of evening lists; and it removes what nobody needs.
//
// What does not belong here: what any of it means for a conversation. Results come back as facts (package own).
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

// dbTimeout bounds one short use of the database.
const dbTimeout = 5 * time.Second

// ofThreads is given where a setting has the same default for channels with threads of their own and without.
const ofThreads = true

// Host is what chores need of the engine.
type Host interface {
	// Directory returns the accounts, agents and teams as they were read last.
	Directory() *directory.Directory
	// Channel returns the channel of an account, or nil while that isn't connected.
	Channel(account store.AccountID) channels.Channel
	// Channels returns the channels that work in this process, by account.
	Channels() map[store.AccountID]channels.Channel
	// Surfaces returns the chats that work in this process, by account.
	Surfaces() map[store.AccountID]bridge.Surface
	// ReachEvery is how often each chat is asked whether it answers.
	ReachEvery() time.Duration
	// SurfaceName names a chat for people.
	SurfaceName(dir *directory.Directory, surface store.AccountID) string
	// Analyzer returns what reads what customers write; nil means that nothing is analysed.
	Analyzer() analysis.Analyzer
	// AITokensADay is how many tokens a model may cost in a day for an account that has chosen no limit; 0 means any number.
	AITokensADay() int
	// Sealer returns what seals the records of questions to the model; nil means that none are kept.
	Sealer() *store.Sealer
	// Writer returns what writes texts that are asked for; nil means that none are written.
	Writer() analysis.Writer
	// Trouble tells the admins, once, why one thing (what) of an account fails, or with c nil that it works again.
	Trouble(account store.AccountID, what string, c *channels.Condition)
	// Busy reports whether there is much to do, so that work that may be late has to give way.
	Busy() bool
	// Wake says that facts of Parley's own were journalled, so that they are applied at once.
	Wake()
}

// Chores are the background work of one process.
type Chores struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	host  Host
	fetch chan struct{} // a signal: there may be files to be fetched

	Analyses *Analyses
}

// Analyses has what customers write analysed, and has texts written.
type Analyses struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	host  Host
	write chan struct{} // a signal: texts may have been asked for

	tally     tally
	condition lastCondition
}

// New makes the chores of a process.
func New(pool *pgxpool.Pool, log *slog.Logger, host Host) *Chores {
	return &Chores{
		pool:     pool,
		log:      log,
		host:     host,
		fetch:    make(chan struct{}, 1),
		Analyses: &Analyses{pool: pool, log: log, host: host, write: make(chan struct{}, 1)},
	}
}

// Run works until ctx ends.
func (cs *Chores) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error {
		return runEvery(ctx, cs.log, templateInterval, "looking after templates", cs.workTemplates)
	})

	group.Go(func() error { return runEvery(ctx, cs.log, moveInterval, "moving a channel", cs.moveChannels) })
	group.Go(func() error { return cs.runFetches(ctx) })
	group.Go(func() error { return runEvery(ctx, cs.log, cs.host.ReachEvery(), "asking the chats", cs.reachAll) })
	// Each kind by itself: a mail server that hangs keeps no text from its admin.
	group.Go(func() error {
		return runEvery(ctx, cs.log, noticeInterval, "mailing admins", noticeSender{cs, map[int64]int{}}.sendMails)
	})
	group.Go(func() error {
		return runEvery(ctx, cs.log, noticeInterval, "texting admins", noticeSender{cs, map[int64]int{}}.sendTexts)
	})
	if a := cs.host.Analyzer(); a != nil {
		group.Go(func() error { return cs.Analyses.run(ctx, a) })
	}
	if w := cs.host.Writer(); w != nil {
		group.Go(func() error { return cs.Analyses.runWriting(ctx, w) })
	}

	group.Go(func() error {
		return runEvery(ctx, cs.log, solvedInterval, "learning from resolved conversations", cs.Analyses.learn)
	})

	group.Go(func() error {
		return runEvery(ctx, cs.log, measureInterval, "measuring", (&measurer{chores: cs}).measureChanged)
	})

	group.Go(func() error {
		cs.keepOldWords(ctx)
		return runEvery(ctx, cs.log, tidyInterval, "tidying", cs.removeUnneeded)
	})

	return group.Wait()
}

// runEvery does a round of work now and after each pause, until ctx ends. If a round fails, the log names the work.
func runEvery(ctx context.Context, log *slog.Logger, pause time.Duration, work string, round func(context.Context) error) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		err := round(ctx)
		if err != nil && ctx.Err() == nil {
			log.Warn("a round of work failed", "what", work, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
