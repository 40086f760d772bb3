package engine

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// dbTimeout bounds one short use of the database.
const dbTimeout = 5 * time.Second

// ofThreads is passed to SettingsOf if the settings that are read don't depend on whether the channel has threads.
const ofThreads = true

// Chores are the background jobs of one process.
type Chores struct {
	*Engine
	fetch chan struct{} // signals that there may be files to fetch

	Analyses *Analyses
}

// Analyses are the jobs that use an analyzer or a writer, which are mostly language models.
type Analyses struct {
	*Engine
	write chan struct{} // signals that there may be texts to write

	tally     tally
	condition lastCondition
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
		return runEvery(ctx, cs.log, min(boardInterval, cs.opt.BoardEvery), "showing boards", cs.showBoards)
	})
	group.Go(func() error { return runEvery(ctx, cs.log, cs.opt.ReachEvery, "asking the chats", cs.reachAll) })
	// Mails and SMS run separately, so that a hanging mail server delays no SMS.
	group.Go(func() error {
		return runEvery(ctx, cs.log, noticeInterval, "mailing admins", noticeSender{cs, map[int64]int{}}.sendMails)
	})
	group.Go(func() error {
		return runEvery(ctx, cs.log, noticeInterval, "texting admins", noticeSender{cs, map[int64]int{}}.sendTexts)
	})
	if a := cs.opt.Analyzer; a != nil {
		group.Go(func() error { return cs.Analyses.run(ctx, a) })
	}
	if w := cs.writer(); w != nil {
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
