package torture

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels/wire"
)

// Run plays a whole run and prints its progress. It starts Parley, its database and the emulators, lets people write
// while faults are injected (the flow), waits until everything has arrived, and decides whether Parley kept its
// invariants. Errors: ErrVerdict for a run that failed, with a complete report; others if the run itself could not be
// played.
func Run(ctx context.Context, o Options) (Report, error) {
	s, err := newSession(o)
	if err != nil {
		return Report{}, err
	}
	r := Report{Seed: o.Seed, Loads: [2]string{loadAverage()}, opt: o}
	err = s.playRun(ctx, &r)
	r.Loads[1] = loadAverage()
	r.Took, r.Skipped = time.Since(s.began), s.skipped
	err = s.printAndCleanUp(&r, err)
	return r, err
}

// playRun sets everything up, plays the workload and injects the faults, waits until everything has arrived, and
// decides whether the run failed.
func (s *session) playRun(ctx context.Context, r *Report) (err error) {
	life, end := context.WithCancel(ctx)
	var parleys errgroup.Group
	defer func() {
		end()
		err = errors.Join(err, parleys.Wait())
		r.Crashes, r.Planned = s.findCrashes(), s.opt.Faults
		if err == nil {
			err = r.decide()
		}
		if err != nil {
			err = errors.Join(err, s.exportObservations(context.WithoutCancel(ctx)))
		}

		err = errors.Join(err, s.stopOthers(err != nil))
	}()

	if err := s.start(life); err != nil {
		return err
	}

	for _, p := range s.network.replicas {
		parleys.Go(func() error { return p.run(life) })
	}

	if err := s.waitUntilConnected(life); err != nil {
		return err
	}

	s.printLine("Parley runs (%d), seed %d, load average %s: %d mails and %d replies in %s; faults: %s; and errors of all providers.",
		s.opt.Replicas, s.opt.Seed, r.Loads[0], s.opt.Mails, s.opt.Replies, s.opt.Flow, formatCounts(s.opt.Faults))
	if err := s.runFlow(life, r); err != nil {
		return err
	}

	flowEnded := time.Now()

	if err := s.settle(life, r); err != nil {
		return err
	}

	r.SettleTime = time.Since(flowEnded)
	for _, p := range s.network.replicas {
		exits, failedStarts := p.unexpectedEnds()
		r.UnexpectedExits = append(r.UnexpectedExits, exits...)
		r.FailedStarts += failedStarts
	}

	return nil
}

// waitUntilConnected waits until Parley watches every mailbox and the chat in which agents work sees the app.
func (s *session) waitUntilConnected(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	for watched := false; !watched; {
		watched, _ = s.database.AreMailboxesWatched(ctx) // the database may be down for a moment
		if !watched && !wire.For(ctx, pollEvery) {
			return errors.New("torture: Parley did not open its mailboxes; see parley-1.log")
		}
	}

	if s.opt.Chats {
		if err := s.connectChats(ctx); err != nil {
			return err
		}
	}

	if s.opt.Teams {
		return s.connectTeams(ctx)
	}
	if s.opt.Webhooks {
		return s.connectSlackWebhooks(ctx)
	}

	for {
		n, err := s.client.CountSockets(ctx) // an error counts as no connection: the emulator is asked again
		if err == nil && n >= s.opt.Replicas {
			return nil
		}
		if !wire.For(ctx, pollEvery) {
			return errors.New("torture: Parley did not connect to Slack; see parley-1.log")
		}
	}
}

// runFlow lets the driver play the people and the injector inject the faults, both at the same time, until both are
// done. Meanwhile the emulators make errors by chance (provider faults), which it ends afterwards.
func (s *session) runFlow(ctx context.Context, r *Report) error {
	s.driver = newDriver(s.client, s.opt)
	s.driver.failing.database = s.database
	in := s.newInjector()
	setup := Setup{Client: s.client, Conversations: s.driver.lastNumber, Hold: s.opt.hold()}
	if err := s.oracle.SetUp(setup); err != nil {
		return err
	}
	if err := errors.Join(s.driver.prepareBounces(ctx), s.client.ArmFaults(ctx)); err != nil {
		return err
	}

	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return s.driver.run(both) })
	group.Go(func() error { return in.run(both, schedule(s.opt.Seed, s.opt)) })
	if err := group.Wait(); err != nil {
		return err
	}
	if err := s.countProviderFaults(ctx, r); err != nil {
		return err
	}

	s.reportFlow(r, in)
	return s.client.ClearFaults(ctx)
}

// reportFlow writes into r what was written and injected during the flow.
func (s *session) reportFlow(r *Report, in *injector) {
	s.network.addCountsTo(r.ProviderFaults)
	r.Injected, r.Missed = in.countFaults()
	for _, kind := range killsAndStops() {
		r.KillsAndStops += r.Injected[kind]
	}
	r.Downtimes = s.endpoints.downtimes

	r.Workload = s.driver.counts
	w := r.Workload
	s.printLine("All is written: %d mails, %d replies (%d to a mailbox that is gone), %s. The faults end.",
		w.Mails, w.Replies+w.Bounced, w.Bounced, joinTallies(countFirst, []Tally{
			{What: "internal messages", Count: w.Internal},
			{What: "edits", Count: w.Edits},
			{What: "deletions", Count: w.Deletes},
			{What: "resolved", Count: w.Resolved},
			{What: "handed over", Count: w.HandedOver},
			{What: "snoozed", Count: w.Snoozed},
		}))
}

// newInjector makes the injector of the run's faults.
func (s *session) newInjector() *injector {
	in := &injector{
		client:         s.client,
		replicas:       s.network.replicas,
		network:        s.network,
		database:       s.database,
		driver:         s.driver,
		endpoints:      s.endpoints,
		opt:            s.opt,
		triggerTimeout: s.opt.triggerWait(),
		printLine:      s.printLine,
		injected:       map[string]int{},
		missed:         map[string]int{},
	}
	if s.oldProgram != nil {
		in.upgradeProgram = s.program
		in.upgraded = make(chan struct{})
	}
	return in
}

// countProviderFaults counts the errors that emulators made. In the long form it first waits until each provider has
// made one: many replies may leave only now.
func (s *session) countProviderFaults(ctx context.Context, r *Report) error {
	until := time.Now().Add(s.opt.extraTriggerWait())
	for {
		var err error
		if r.ProviderFaults, err = s.client.CountFaults(ctx); err != nil {
			return err
		}

		isEnough := s.opt.ShortWaits || len(s.opt.providersWithoutFault(r.ProviderFaults)) == 0
		if isEnough || time.Now().After(until) {
			return nil
		}
		if !wire.For(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

// laneWatch detects that lanes (queues of outgoing messages) wait and none of them becomes empty.
type laneWatch struct {
	lanes int       // that waited at the last look
	since time.Time // since when so many wait
}

// look notes how many lanes wait. It reports whether their number has been the same for stuckAfter, and then begins
// anew.
func (w *laneWatch) look(lanes int) (areStuck bool) {
	const stuckAfter = 3 * time.Minute
	areStuck = lanes == w.lanes && lanes > 0 && time.Since(w.since) > stuckAfter
	if lanes != w.lanes || areStuck {
		w.lanes, w.since = lanes, time.Now()
	}
	return areStuck
}

// settle waits until every lane is empty and the oracle misses nothing, and then polls twice more, in case something
// arrives twice. After opt.Settle it gives up waiting. A reply that failed for half an hour pauses for an hour:
// Parley's clock jumps over such a pause.
func (s *session) settle(ctx context.Context, r *Report) error {
	const settledPolls = 3 // so many polls in a row must find nothing to wait for
	deadline := time.Now().Add(s.opt.Settle)
	inARow, lastProgress := 0, time.Now()
	watch := laneWatch{since: time.Now()}
	request := Request{Click: true, History: s.driver.history}
	for {
		isSettled, err := s.pollAndAct(ctx, &request, r)
		if err != nil {
			return err
		}

		inARow++
		if !isSettled {
			inARow = 0
		}
		if inARow >= settledPolls || time.Now().After(deadline) {
			return nil
		}
		if watch.look(r.Left.Lanes) {
			if err := s.skipPauses(ctx); err != nil {
				return err
			}
		}
		lastProgress = s.printProgress(r, lastProgress)
		if !wire.For(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

// pollAndAct polls once, and lets people do what they waited with. It reports whether nothing is left to wait for. The next
// request says only what is new since this one.
func (s *session) pollAndAct(ctx context.Context, request *Request, r *Report) (isSettled bool, err error) {
	isSettled, err = s.tryAgain(ctx, func() (bool, error) { return s.poll(ctx, *request, r) })
	if err != nil {
		return false, err
	}
	request.History = nil // the oracle keeps it

	hasActed, err := s.driver.finishWaiting(ctx, isSettled)
	if hasActed {
		request.History, r.Workload = s.driver.history, s.driver.counts
	}
	return isSettled && !hasActed, err
}

// tryAgain calls poll again if it fails, for example because a connection of the oracle's broke, for at most a minute.
func (s *session) tryAgain(ctx context.Context, poll func() (bool, error)) (isSettled bool, err error) {
	const patience = time.Minute
	for began := time.Now(); ; {
		if isSettled, err = poll(); err == nil {
			return isSettled, nil
		}
		s.printLine("        could not look: %v", err)
		if time.Since(began) > patience || !wire.For(ctx, pollEvery) {
			return false, err
		}
	}
}

// skipPauses moves Parley's clock over the pause between two attempts of a reply.
func (s *session) skipPauses(ctx context.Context) error {
	s.printLine("        Parley's clock goes on by an hour, for what pauses between two attempts")
	return s.database.MoveClock(ctx, time.Hour)
}

// printProgress prints what a run still waits for, unless it did so a moment ago, and returns the time of the last print.
func (s *session) printProgress(r *Report, last time.Time) time.Time {
	const every = 5 * time.Second
	if time.Since(last) <= every {
		return last
	}
	s.printLine("        waiting: %d events, %d lanes, %d not arrived, %d answered by the oracle's agent",
		r.Left.Pending, r.Left.Lanes, r.Verdict.CountUnsettled()+r.Audit.CountUnsettled(), r.Verdict.SentByClick+r.Verdict.Ambiguous)
	return time.Now()
}

// poll asks the oracle, the database and the chat once and writes into r what they say. It reports whether nothing is
// left to wait for.
func (s *session) poll(ctx context.Context, request Request, r *Report) (isSettled bool, err error) {
	answer, err := s.oracle.Ask(request)
	if err != nil {
		return false, err
	}
	if r.Left, err = s.database.Load(ctx); err != nil {
		return false, err
	}

	platform := s.client.Platform()
	pendingEvents, err := platform.CountPendingEvents(ctx)
	if err != nil {
		return false, err
	}

	delays, err := platform.EventDelays(ctx, Written)
	if err != nil {
		return false, err
	}

	expected := RecordsExpectation{
		Posted:      s.driver.history.MessagesToRecord(delays, s.opt.Blind),
		Cards:       answer.Cards,
		Poisons:     s.driver.poisons,
		LongestStop: s.opt.ClaimStopFor,
		Blind:       s.opt.Blind,
		Resolves:    s.driver.history.ResolveCommands(),
	}
	if r.Audit, err = s.database.Audit(ctx, expected); err != nil {
		return false, err
	}

	r.Judged, r.Verdict, r.Problems = true, answer.Verdict, answer.Problems
	atParley := r.Left.Lanes + r.Left.Pending
	unsettled := r.Verdict.CountUnsettled() + r.Audit.CountUnsettled()
	return atParley+unsettled+answer.Clicks+pendingEvents == 0, nil
}
