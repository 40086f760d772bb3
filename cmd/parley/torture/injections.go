package torture

import (
	"context"
	"time"

	"parley/channels/pause"
)

// injection injects a fault of one kind, or starts a goroutine that does so if it takes a while: the injector's run waits for those.
type injection func(in *injector, ctx context.Context, f fault) error

const (
	// targetWait is how long a fault waits for a process to run, or a connection to open, which it can disturb. If the process
	// was killed that fetched the only mailbox, its lease lasts for 30 s, and another process takes it only a while after that.
	targetWait = 90 * time.Second
	// rateLimitFor is how long the chat refuses all posts: Parley repeats each of them several times meanwhile.
	rateLimitFor = 3 * time.Second
)

// injections says how the faults of each kind are injected.
func injections() map[string]injection {
	onTrigger := started((*injector).injectOnTrigger)
	failingMail := started((*injector).injectFailingMail)
	endSessions := atOnce(func(in *injector, ctx context.Context) error { return in.client.Platform().EndSessions(ctx) })
	limitChat := atOnce(func(in *injector, ctx context.Context) error {
		return in.client.Platform().RateLimit(ctx, rateLimitFor)
	})
	return map[string]injection{
		faultKillDatabase:    atOnce(func(in *injector, ctx context.Context) error { return in.database.KillAndStart(ctx) }),
		faultFillDisk:        atOnce((*injector).fillDisk),
		faultDropSockets:     endSessions,
		faultEndTokens:       endSessions,
		faultLimitSlack:      limitChat,
		faultLimitTeams:      limitChat,
		faultCutMail:         atOnce(func(in *injector, ctx context.Context) error { return in.client.CutMailConnections(ctx) }),
		faultForeignReceipts: atOnce((*injector).sendForeignReceipts),
		faultBlackhole:       (*injector).injectBlackhole,

		FaultKill:  whenPossible(func(in *injector, _ context.Context, f fault) bool { return in.replicas[f.Replica].kill() }),
		FaultStop:  whenPossible((*injector).tryStop),
		faultReset: whenPossible((*injector).tryReset),

		faultKillBusyLane:     onTrigger,
		faultStopAfterClaim:   onTrigger,
		faultEarlyReceipt:     onTrigger,
		faultLoseCommitAnswer: onTrigger,
		faultLateRequest:      onTrigger,

		faultFloodSender:   whenWritten(taskFloodSender),
		faultFloodAccount:  whenWritten(taskFloodAccount),
		faultPoisonEvent:   whenWritten(taskPoisonEvent),
		faultFailingEvent:  failingMail,
		faultSlowEvent:     failingMail,
		faultCrashingEvent: failingMail,

		faultRestart:       beside(func(in *injector, ctx context.Context, f fault) error { return in.restartReplica(ctx, f, nil) }),
		faultUpgrade:       beside(func(in *injector, ctx context.Context, _ fault) error { return in.rollUpgrade(ctx) }),
		faultMixedVersions: beside((*injector).mixVersions),
		faultClockHour:     beside((*injector).jumpClock),
		faultClockDay:      beside((*injector).jumpClock),
		faultHoldSnapshot:  beside((*injector).holdSnapshot),
		faultReadTables:    beside((*injector).holdSnapshot),
	}
}

// atOnce makes an injection that waits for nothing. It is over when do returns.
func atOnce(do func(*injector, context.Context) error) injection {
	return func(in *injector, ctx context.Context, f fault) error {
		in.recordInjected(f)
		defer in.beginOutageOf(f)()
		return do(in, ctx)
	}
}

// started makes an injection that runs in a goroutine of its own, and counts its fault itself.
func started(do func(*injector, context.Context, fault)) injection {
	return func(in *injector, ctx context.Context, f fault) error {
		in.running.Go(func() { do(in, ctx, f) })
		return nil
	}
}

// beside makes an injection like started makes it, which can fail.
func beside(do func(*injector, context.Context, fault) error) injection {
	return func(in *injector, ctx context.Context, f fault) error {
		in.runBeside(f.Kind, func() error { return do(in, ctx, f) })
		return nil
	}
}

// whenPossible makes an injection that disturbs a process or connections as soon as there are any: until then try returns false.
func whenPossible(try func(*injector, context.Context, fault) bool) injection {
	return started(func(in *injector, ctx context.Context, f fault) {
		deadline := time.Now().Add(targetWait)
		for {
			if try(in, ctx, f) {
				in.recordInjected(f)
				return
			}
			if time.Now().After(deadline) || !pause.For(ctx, pollEvery) {
				in.recordMissed(f)
				return
			}
		}
	})
}

// whenWritten makes an injection that consists of what customers write.
func whenWritten(kind task) injection {
	return started(func(in *injector, ctx context.Context, f fault) {
		if in.driver.tasks.runAndWait(ctx, kind, in.opt.triggerWait()) {
			in.recordInjected(f)
			return
		}
		in.recordMissed(f)
	})
}

// beginOutageOf notes that the database is out of reach, if a fault is such an outage, until end is called.
func (in *injector) beginOutageOf(f fault) (end func()) {
	if !f.isDatabaseOutage() {
		return func() {}
	}
	return in.network.beginOutage()
}

// injectBlackhole lets a connection swallow what is sent. It goes on when injectBlackhole has returned.
func (in *injector) injectBlackhole(ctx context.Context, f fault) error {
	in.recordInjected(f)
	end := in.beginOutageOf(f)
	p, route := in.network.proxyFor(f.Route, f.Replica)
	in.running.Go(func() {
		defer end()
		in.network.addCount("half-open "+route, p.dropTraffic(ctx, route, f.Duration, blackhole{bothDirections: f.BothDirections}))
	})
	return nil
}

// tryStop stops a process for a while, and reports whether one ran.
func (in *injector) tryStop(ctx context.Context, f fault) bool {
	resume, ok := in.replicas[f.Replica].suspend()
	if ok {
		in.running.Go(func() {
			pause.For(ctx, f.Duration)
			resume()
		})
	}
	return ok
}

// tryReset cuts connections, and reports whether there were any.
func (in *injector) tryReset(_ context.Context, f fault) bool {
	defer in.beginOutageOf(f)()
	p, route := in.network.proxyFor(f.Route, f.Replica)
	n := p.cut(route)
	in.network.addCount("reset "+route, n)
	return n > 0
}
