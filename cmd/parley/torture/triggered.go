package torture

import (
	"context"
	"time"

	"parley/channels/wire"
)

// Some faults of a test run do harm only at a certain moment, for example when a mail was sent but its result isn't stored
// yet. Such a fault has a trigger, which watches the network for that moment and then injects the fault. At the same time
// the driver, which acts for customers and agents, does what brings the moment about (see stimulus).
//
// This file defines these faults: the bytes that each waits for, what it does then, and how long it waits.

const (
	// minTriggerWait is the minimum time for which a fault waits for its trigger. A reply is sent only after its hold,
	// and up to 30 s later if the chat has a backlog, or much later on a busy machine.
	minTriggerWait = 3 * time.Minute
	// limitedTriggerWait is how long a fault waits after the flow if the chat enforces its rate limits. Before Parley
	// sends a reply, it may have to check in the chat whether the reply was changed, and these reads are limited.
	limitedTriggerWait = 10 * time.Minute
	// commitTimeout is the time by which PostgreSQL has finished a commit whose response is dropped.
	commitTimeout = 200 * time.Millisecond
	// stopLatency is the time by which a process that was sent SIGSTOP has stopped.
	stopLatency = 5 * time.Millisecond
	// answerHeldFor is how long faultEarlyReceipt delays a response, so that the receipt arrives first.
	answerHeldFor = 1500 * time.Millisecond
)

// injectOnTrigger injects a fault when its trigger fires. Until then the driver repeats the fault's stimulus. If the trigger
// doesn't fire in time, the fault counts as missed.
func (in *injector) injectOnTrigger(ctx context.Context, f fault) {
	withdraw := in.driver.stimuli.add(f.neededStimulus())
	defer withdraw()

	if f.isDatabaseOutage() {
		end := in.network.beginOutage()
		defer end()
	}
	if in.waitForTrigger(ctx, f.Kind, in.newTrigger(ctx, f)) {
		in.recordInjected(f)
		return
	}

	in.recordMissed(f)
}

// newTrigger returns the trigger of a fault, or one that never fires if the kind has none.
func (in *injector) newTrigger(ctx context.Context, f fault) *trigger {
	switch f.Kind {
	case faultKillBusyLane:
		return in.killBusyLane(f)
	case faultStopAfterClaim:
		return in.stopAfterClaim(ctx, f)
	case faultEarlyReceipt:
		return in.holdAnswerBack(f)
	case faultLateRequest:
		return in.delayPost(ctx)
	case faultLoseCommitAnswer:
		return in.loseCommitAnswer(isCommitRequest)
	}
	return &trigger{}
}

// killBusyLane kills a process while it sends one of several messages in the same lane (a queue of messages that are sent
// one after the other).
func (in *injector) killBusyLane(f fault) *trigger {
	return &trigger{
		route:     f.Route,
		direction: requests,
		match:     containsMarker(&in.driver.burstMarkers),
		inject: func(l *link) effect {
			hasKilled := in.network.killOwners(l)
			return effect{dropsPiece: f.BeforeSend, noTarget: !hasKilled}
		},
	}
}

// stopAfterClaim suspends a process that has claimed a message (reserved it for sending for a limited time, the lease), just
// before or while the first bytes are sent. The process is suspended for longer than the lease, so that another process
// takes over.
func (in *injector) stopAfterClaim(ctx context.Context, f fault) *trigger {
	t := &trigger{
		route:     f.Route,
		direction: requests,
		inject:    func(l *link) effect { return in.stopOwners(ctx, l, f.Duration) },
	}
	switch f.Route {
	case routePostgres:
		t.direction, t.match = answers, isClaimAnswer
	case routeSMTP:
		t.match = containsWords("MAIL FROM")
	default:
		t.match = in.isPost()
	}
	return t
}

// stopOwners suspends the processes that may have opened a connection, and returns. They are resumed after some time.
func (in *injector) stopOwners(ctx context.Context, l *link, lasting time.Duration) effect {
	hasStopped := false
	for _, r := range in.network.ownersOf(l) {
		resume, ok := r.suspend()
		hasStopped = hasStopped || ok
		in.running.Go(func() {
			wire.For(ctx, lasting)
			resume()
		})
	}

	<-time.After(stopLatency)
	return effect{noTarget: !hasStopped}
}

// holdAnswerBack delays the response to a request that sends a message, so that the provider's receipt for the message
// reaches Parley first. For a mail, the only receipt is a bounce.
func (in *injector) holdAnswerBack(f fault) *trigger {
	match := in.isPost()
	if f.Route == routeSMTP {
		match = containsMarker(&in.driver.bounceMarkers)
	}
	return &trigger{
		route:     f.Route,
		direction: requests,
		match:     match,
		inject: func(l *link) effect {
			l.holdAnswers(answerHeldFor)
			return effect{}
		},
	}
}

// delayPost delays a post until Parley has given up waiting. If Parley looks for the post in the meantime, it doesn't exist.
func (in *injector) delayPost(ctx context.Context) *trigger {
	return &trigger{
		route:     in.opt.chatRoute(),
		direction: requests,
		match:     in.isPost(),
		inject: func(*link) effect {
			wire.For(ctx, in.opt.RequestDelay)
			return effect{}
		},
	}
}

// loseGiveUpAnswer lets a customer send what can never be applied, and loses the answer to the commit by which Parley
// gives it up.
func (in *injector) loseGiveUpAnswer(ctx context.Context, f fault) {
	if in.waitForUpgrade(ctx) != nil { // an earlier version may give up two events then
		return
	}
	defer in.beginOutageOf(f)()
	in.running.Go(func() { in.driver.tasks.runAndWait(ctx, taskPoisonEvent, in.opt.triggerWait()) })
	if in.waitForTrigger(ctx, f.Kind, in.loseCommitAnswer(isGiveUp)) {
		in.recordInjected(f)
		return
	}
	in.recordMissed(f)
}

// loseCommitAnswer lets PostgreSQL commit but drops the response, so that Parley doesn't know the outcome.
func (in *injector) loseCommitAnswer(match matcher) *trigger {
	return &trigger{
		route:     routePostgres,
		direction: requests,
		match:     match,
		inject: func(l *link) effect {
			l.dropAnswers()
			time.AfterFunc(commitTimeout, l.reset)
			return effect{}
		},
	}
}

// isPost returns a matcher for requests by which Parley posts into the agents' chat.
func (in *injector) isPost() matcher { return containsWords(in.driver.traits.PostRequest) }

// triggerWait returns how long a fault waits for its trigger.
func (o Options) triggerWait() time.Duration { return max(o.Flow/10, minTriggerWait) }

// extraTriggerWait returns how long after the flow, when other faults no longer disturb Parley, a fault keeps waiting if too
// few of its kind were injected.
func (o Options) extraTriggerWait() time.Duration {
	if o.Rate > 0 {
		return limitedTriggerWait
	}
	return minTriggerWait
}

// waitForTrigger waits until the trigger of a fault has fired and found something to disturb. It gives up after
// in.triggerTimeout, unless too few faults of this kind were injected by then. In that case it keeps waiting until enough
// others of the kind were injected, but at most until extraTriggerWait after the flow.
func (in *injector) waitForTrigger(ctx context.Context, kind string, t *trigger) (isInjected bool) {
	until := time.Now().Add(in.triggerTimeout)
	last := in.began.Add(in.opt.Flow + in.opt.extraTriggerWait())
	waiting, stop := context.WithCancel(ctx)
	defer stop()

	for waiting.Err() == nil {
		did, hasFired := in.network.triggers.wait(waiting, t, time.Until(until))
		switch {
		case hasFired && did.noTarget:
			continue
		case hasFired:
			return true
		}

		canWaitOn := last.After(until)
		if !canWaitOn || !in.extendWait(kind, stop) {
			return false
		}
		until = last
	}

	return false
}

// extendWait reports whether a fault should keep waiting, because fewer of its kind were injected than a run needs. If so,
// countInjected calls stop once there are enough.
func (in *injector) extendWait(kind string, stop func()) (mayWait bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.needsMoreOfLocked(kind) {
		return false
	}
	if in.waiting == nil {
		in.waiting = map[string][]func(){}
	}
	in.waiting[kind] = append(in.waiting[kind], stop)
	return true
}

// needsMoreOfLocked reports whether fewer faults of a kind were injected than a run needs. in.mu must be held.
func (in *injector) needsMoreOfLocked(kind string) bool {
	return in.injected[kind] < in.opt.minInjected(in.opt.Faults[kind])
}
