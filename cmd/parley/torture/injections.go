package torture

import (
	"context"
	"time"

	"parley/channels/wire"
)

// This file has a table with one entry for each kind of fault in a test run, such as "kill" or "reset connections", that
// says how the injector injects it.

// injection injects a fault, or starts a goroutine in in.running that does so. The injector waits for these at the end of
// the run. An error ends the run.
type injection func(in *injector, ctx context.Context, f fault) error

const (
	// targetWait is how long a fault waits for a process or connection that it can disturb. For example, after the process
	// that fetches the only mailbox was killed, it may take over 30 s until another one connects to the mailbox.
	targetWait = 90 * time.Second
	// rateLimitFor is how long the chat rejects all posts. Parley retries each of them several times in that period.
	rateLimitFor = 3 * time.Second
)

// injections returns the injection of each kind of fault.
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

		faultLoseGiveUpAnswer: started((*injector).loseGiveUpAnswer),

		faultFloodSender:   whenWritten(taskFloodSender),
		faultFloodAccount:  whenWritten(taskFloodAccount),
		faultPoisonEvent:   whenWritten(taskPoisonEvent),
		faultFailingEvent:  failingMail,
		faultSlowEvent:     failingMail,
		faultCrashingEvent: failingMail,

		faultRestart:      beside(func(in *injector, ctx context.Context, f fault) error { return in.restartReplica(ctx, f, nil) }),
		faultUpgrade:      beside(func(in *injector, ctx context.Context, _ fault) error { return in.rollUpgrade(ctx) }),
		faultHoldSnapshot: beside((*injector).holdSnapshot),
		faultReadTables:   beside((*injector).holdSnapshot),
	}
}

// atOnce returns an injection that calls do in the injector's own goroutine. The fault ends when do returns.
func atOnce(do func(*injector, context.Context) error) injection {
	return func(in *injector, ctx context.Context, f fault) error {
		in.recordInjected(f)
		defer in.beginOutageOf(f)()
		return do(in, ctx)
	}
}

// started returns an injection that calls do in a new goroutine. do must record the fault as injected or missed.
func started(do func(*injector, context.Context, fault)) injection {
	return func(in *injector, ctx context.Context, f fault) error {
		in.running.Go(func() { do(in, ctx, f) })
		return nil
	}
}

// beside is like started, for a do that can fail.
func beside(do func(*injector, context.Context, fault) error) injection {
	return func(in *injector, ctx context.Context, f fault) error {
		in.runBeside(f.Kind, func() error { return do(in, ctx, f) })
		return nil
	}
}

// whenPossible returns an injection that calls try until it returns true, that is until there is a process or connection
// to disturb, for at most targetWait.
func whenPossible(try func(*injector, context.Context, fault) bool) injection {
	return started(func(in *injector, ctx context.Context, f fault) {
		deadline := time.Now().Add(targetWait)
		for {
			if try(in, ctx, f) {
				in.recordInjected(f)
				return
			}
			if time.Now().After(deadline) || !wire.For(ctx, pollEvery) {
				in.recordMissed(f)
				return
			}
		}
	})
}

// whenWritten returns an injection that consists of messages from customers, which the driver writes as a task.
func whenWritten(kind task) injection {
	return started(func(in *injector, ctx context.Context, f fault) {
		if in.driver.tasks.runAndWait(ctx, kind, in.opt.triggerWait()) {
			in.recordInjected(f)
			return
		}
		in.recordMissed(f)
	})
}

// beginOutageOf records, if the fault makes the database unreachable, that an outage lasts until end is called.
func (in *injector) beginOutageOf(f fault) (end func()) {
	if !f.isDatabaseOutage() {
		return func() {}
	}
	return in.network.beginOutage()
}

// injectBlackhole starts to drop the traffic on a route and returns. The connections stay open.
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

// tryStop suspends a replica's process for a while. It returns false if no process runs.
func (in *injector) tryStop(ctx context.Context, f fault) bool {
	resume, ok := in.replicas[f.Replica].suspend()
	if ok {
		in.running.Go(func() {
			wire.For(ctx, f.Duration)
			resume()
		})
	}
	return ok
}

// tryReset resets the connections of a route. It returns false if there are none.
func (in *injector) tryReset(_ context.Context, f fault) bool {
	defer in.beginOutageOf(f)()
	p, route := in.network.proxyFor(f.Route, f.Replica)
	n := p.cut(route)
	in.network.addCount("reset "+route, n)
	return n > 0
}
