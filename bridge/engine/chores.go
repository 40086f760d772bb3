package engine

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/channels"
	"parley/store"
)

// dbTimeout bounds one short use of the database.
const dbTimeout = 5 * time.Second

// ofThreads is passed to SettingsOf if the settings that are read don't depend on whether the channel has threads.
const ofThreads = true

// Host is what background jobs need from the engine. Its methods are safe for concurrent use.
type Host interface {
	// Directory returns the cached accounts, agents and teams.
	Directory() *Directory
	// Channel returns the channel of an account, or nil while that isn't connected.
	Channel(account store.AccountID) channels.Channel
	// Channels returns the channels that are connected in this process, by account.
	Channels() map[store.AccountID]channels.Channel
	// Surfaces returns the agents' chats that are connected in this process, by account.
	Surfaces() map[store.AccountID]bridge.Surface
	// ReachEvery returns the interval between health checks of each chat.
	ReachEvery() time.Duration
	// BoardEvery returns how often a board may be changed.
	BoardEvery() time.Duration
	// Board returns what presses in a channel.
	Board(ctx context.Context, surface store.AccountID, channel string) (*bridge.BoardLine, error)
	// ReaderOf returns what an agent may read. It makes no requests.
	ReaderOf(agent *store.Agent) store.Reader
	// SurfaceName returns a chat's display name.
	SurfaceName(dir *Directory, surface store.AccountID) string
	// Analyzer returns the analyzer of customers' messages; nil means that nothing is analysed.
	Analyzer() analysis.Analyzer
	// AITokensADay returns the default daily limit of model tokens per account; 0 means no limit.
	AITokensADay() int
	// Sealer encrypts the records of requests to the model; nil means that none are kept.
	Sealer() *store.Sealer
	// Writer returns the writer of requested texts; nil means that none are written.
	Writer() analysis.Writer
	// Trouble tells the admins, once, why a feature of an account ("templates") fails. A nil c means that it works again.
	Trouble(account store.AccountID, what string, c *channels.Condition)
	// Busy reports whether the process has so much to do that optional work should give way.
	Busy() bool
	// Wake has the engine apply newly journalled facts without delay.
	Wake()
}

// Chores are the background jobs of one process.
type Chores struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	host  Host
	fetch chan struct{} // signals that there may be files to fetch

	Analyses *Analyses
}

// Analyses are the jobs that use an analyzer or a writer, which are mostly language models.
type Analyses struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	host  Host
	write chan struct{} // signals that there may be texts to write

	tally     tally
	condition lastCondition
}

// NewChores returns the jobs of a process; Run starts them.
func NewChores(pool *pgxpool.Pool, log *slog.Logger, host Host) *Chores {
	return &Chores{
		pool:     pool,
		log:      log,
		host:     host,
		fetch:    make(chan struct{}, 1),
		Analyses: &Analyses{pool: pool, log: log, host: host, write: make(chan struct{}, 1)},
	}
}

// Run runs all jobs until ctx ends, and returns once they have stopped.
func (cs *Chores) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error {
		return runEvery(ctx, cs.log, templateInterval, "looking after templates", cs.workTemplates)
	})

	group.Go(func() error { return runEvery(ctx, cs.log, moveInterval, "moving a channel", cs.moveChannels) })
	group.Go(func() error { return cs.runFetches(ctx) })
	group.Go(func() error {
		return runEvery(ctx, cs.log, min(boardInterval, cs.host.BoardEvery()), "showing boards", cs.showBoards)
	})
	group.Go(func() error { return runEvery(ctx, cs.log, cs.host.ReachEvery(), "asking the chats", cs.reachAll) })
	// Mails and SMS run separately, so that a hanging mail server delays no SMS.
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
		return runEvery(ctx, cs.log, routeInterval, "giving conversations to agents", (&router{Chores: cs}).route)
	})
	group.Go(func() error { return runEvery(ctx, cs.log, absenceInterval, "giving conversations back", cs.giveBack) })
	group.Go(func() error {
		return runEvery(ctx, cs.log, measureInterval, "measuring", (&measurer{chores: cs}).measureChanged)
	})

	group.Go(func() error { return runEvery(ctx, cs.log, tidyInterval, "tidying", cs.removeUnneeded) })

	return group.Wait()
}

// runEvery calls round now and then at every interval until ctx ends. It logs errors under the name of the work.
func runEvery(ctx context.Context, log *slog.Logger, interval time.Duration, work string, round func(context.Context) error) error {
	tick := time.NewTicker(interval)
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
