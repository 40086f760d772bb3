package torture

import (
	"context"
	"time"

	"parley/channels/pause"
)

// Some faults do harm only at a certain moment, for example when a mail has left and its result isn't stored yet.
// This file makes the trigger that watches the network for that moment (newTrigger), and waits for it
// (injectOnTrigger). Meanwhile the driver lets people do what brings the moment about (see stimulus).

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

// injectOnTrigger injects a fault when its trigger fires. Until then the driver does what brings that moment about.
// If the fault waits too long, it counts as missed.
func (in *injector) injectOnTrigger(ctx context.Context, f fault) {
	withdraw := in.driver.stimuli.add(f.neededStimulus())
	defer withdraw()

	if f.isDatabaseOutage() {
		end := in.network.beginOutage()
		defer end()
	}
	if in.waitForTrigger(ctx, f, in.newTrigger(ctx, f)) {
		in.recordInjected(f)
		return
	}

	in.recordMissed(f)
}

// newTrigger makes the trigger of a fault, which injects it.
func (in *injector) newTrigger(ctx context.Context, f fault) *trigger {
	t := &trigger{route: f.Route, upstream: true, hasTarget: true}
	isPosting := containsWords(in.driver.traits.PostRequest)
	switch f.Kind {
	case faultKillBusyLane:
		t.match = containsMarker(&in.driver.burstMarkers)
		t.inject = func(l *link) bool {
			t.hasTarget = in.network.killOwners(l)
			return !f.BeforeSend
		}
	case faultStopAfterClaim:
		in.armStopAfterClaim(ctx, f, t)
	case faultEarlyReceipt:
		t.match = isPosting
		if f.Route == routeSMTP {
			t.match = containsMarker(&in.driver.bounceMarkers)
		}
		t.inject = func(l *link) bool {
			l.holdAnswers(answerHeldFor)
			return true
		}
	case faultLateRequest:
		t.route, t.match = in.opt.chatRoute(), isPosting
		t.inject = func(*link) bool {
			pause.For(ctx, in.opt.RequestDelay) // whoever asks meanwhile is told that the post doesn't exist
			return true
		}
	case faultLoseCommitAnswer:
		t.route, t.match = routePostgres, isCommitRequest
		t.inject = func(l *link) bool {
			l.dropAnswers()
			time.AfterFunc(commitTimeout, l.reset)
			return true
		}
	}

	return t
}

// waitForTrigger waits until a fault's trigger has fired and there was something to disturb, since a process may have
// ended just before. It gives up after in.triggerTimeout, unless too few of the fault's kind were injected by then.
// In that case it waits on until enough others of the kind were injected, but not longer than extraTriggerWait after
// the flow.
func (in *injector) waitForTrigger(ctx context.Context, f fault, t *trigger) (isInjected bool) {
	until := time.Now().Add(in.triggerTimeout)
	last := in.began.Add(in.opt.Flow + in.opt.extraTriggerWait())
	waiting, stop := context.WithCancel(ctx)
	defer stop()

	for waiting.Err() == nil {
		if in.network.triggers.wait(waiting, t, time.Until(until)) {
			if t.hasTarget {
				return true
			}
			continue
		}

		canWaitOn := last.After(until)
		if !canWaitOn || !in.extendWait(f.Kind, stop) {
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

// armStopAfterClaim lets a trigger stop a sender once its claim is committed, before or just as the first byte of the
// message leaves. The stop lasts longer than the sender's lease.
func (in *injector) armStopAfterClaim(ctx context.Context, f fault, t *trigger) {
	switch f.Route {
	case routePostgres:
		t.upstream, t.match = false, isClaimAnswer
	case routeSMTP:
		t.match = containsWords("MAIL FROM")
	default:
		t.match = containsWords(in.driver.traits.PostRequest)
	}

	t.inject = func(l *link) bool {
		t.hasTarget = false
		for _, r := range in.network.ownersOf(l) {
			resume, ok := r.suspend()
			t.hasTarget = t.hasTarget || ok
			in.running.Go(func() {
				pause.For(ctx, f.Duration)
				resume()
			})
		}

		<-time.After(stopLatency)
		return true
	}
}
