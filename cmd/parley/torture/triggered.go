package torture

import (
	"context"
	"time"

	"parley/channels/pause"
)

// Some faults do harm only at a certain moment, for example when a mail has left and its result isn't stored yet. Such a
// fault has a trigger, which looks at the bytes that pass on the network until it sees that moment, and injects the fault
// there. Meanwhile the driver, which plays customers and agents, does what brings the moment about (see stimulus).
//
// This file has these faults, each with the bytes that it waits for and what it does then, and how long they wait.

const (
	// minTriggerWait is how long a fault waits at least for its trigger. Replies wait for their hold, and up to 30 s
	// for what a chat has to catch up with: much longer on a busy machine, or where a chat takes one post a second.
	minTriggerWait = 3 * time.Minute
	// limitedTriggerWait is how long a fault waits after the flow where the chat keeps to its limits. Before a reply
	// leaves, Parley may have to read there whether it was changed, and may read only so much in a minute.
	limitedTriggerWait = 10 * time.Minute
	// commitTimeout is how long PostgreSQL needs at most for a commit whose answer is dropped.
	commitTimeout = 200 * time.Millisecond
	// stopLatency is how long the system needs at most until a process that gets SIGSTOP stands still.
	stopLatency = 5 * time.Millisecond
	// answerHeldFor is how long faultEarlyReceipt holds an answer back, so that the event about its effect arrives
	// first.
	answerHeldFor = 1500 * time.Millisecond
)

// injectOnTrigger injects a fault when its trigger fires. Until then the driver does what brings that moment about.
// If the fault waits too long, it counts as missed.
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

// newTrigger returns the trigger of a fault. For a fault that has none it never fires, and so the fault counts as missed.
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
		return in.loseCommitAnswer()
	}
	return &trigger{}
}

// killBusyLane ends a sender when it sends one of several messages that wait for each other.
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

// stopAfterClaim stops a sender once its claim of a message is committed: before the first byte of the message leaves, or
// just as it does. The stop lasts longer than the sender's lease.
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

// stopOwners stops the processes that have a connection. They go on after some time, also when stopOwners has returned.
func (in *injector) stopOwners(ctx context.Context, l *link, lasting time.Duration) effect {
	hasStopped := false
	for _, r := range in.network.ownersOf(l) {
		resume, ok := r.suspend()
		hasStopped = hasStopped || ok
		in.running.Go(func() {
			pause.For(ctx, lasting)
			resume()
		})
	}

	<-time.After(stopLatency)
	return effect{noTarget: !hasStopped}
}

// holdAnswerBack lets a provider's receipt for a message reach Parley before the answer to its sending does. Of a mail,
// the only receipt is a bounce.
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

// delayPost lets a post arrive after Parley has given it up: whoever asks meanwhile is told that it doesn't exist.
func (in *injector) delayPost(ctx context.Context) *trigger {
	return &trigger{
		route:     in.opt.chatRoute(),
		direction: requests,
		match:     in.isPost(),
		inject: func(*link) effect {
			pause.For(ctx, in.opt.RequestDelay)
			return effect{}
		},
	}
}

// loseCommitAnswer lets PostgreSQL commit, and Parley not learn of it.
func (in *injector) loseCommitAnswer() *trigger {
	return &trigger{
		route:     routePostgres,
		direction: requests,
		match:     isCommitRequest,
		inject: func(l *link) effect {
			l.dropAnswers()
			time.AfterFunc(commitTimeout, l.reset)
			return effect{}
		},
	}
}

// isPost returns a trigger's match for requests by which Parley posts in the agents' chat.
func (in *injector) isPost() matcher { return containsWords(in.driver.traits.PostRequest) }

// triggerWait is how long a fault waits for its trigger.
func (o Options) triggerWait() time.Duration { return max(o.Flow/10, minTriggerWait) }

// extraTriggerWait is how long after the flow, when the other faults no longer keep Parley from its work, a fault
// still waits if too few of its kind were injected.
func (o Options) extraTriggerWait() time.Duration {
	if o.Rate > 0 {
		return limitedTriggerWait
	}
	return minTriggerWait
}

// waitForTrigger waits until the trigger of a fault has fired and there was something to disturb, since a process may have
// ended just before. It gives up after in.triggerTimeout, unless too few of the fault's kind were injected by then.
// In that case it waits on until enough others of the kind were injected, but not longer than extraTriggerWait after
// the flow.
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

// extendWait lets a fault wait on if fewer of its kind were injected than a run needs. It returns false if enough
// were. Once enough were injected, countInjected calls stop.
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
