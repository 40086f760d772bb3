package torture

import (
	"context"
	"time"

	"parley/channels/pause"
)

const (
	// minTriggerWait is how long a blow waits at least for its moment on the wire: replies wait for
	// their hold, and up to 30 s for what a chat has to catch up with; on a busy machine for much
	// longer, and where a chat takes one post a second.
	minTriggerWait = 3 * time.Minute
	// limitedTriggerWait is how long a blow waits after the flow where the chat keeps to its limits. Parley may have to
	// read there, before a reply leaves, whether it was changed, and is let read so much in a minute.
	limitedTriggerWait = 10 * time.Minute
	// commitTimeout is how long PostgreSQL needs at most for a commit whose answer a blow swallows.
	commitTimeout = 200 * time.Millisecond
	// stopLatency is how long the system needs at most until a process that gets SIGSTOP stands still.
	stopLatency = 5 * time.Millisecond
	// answerHeldFor is how long faultEarlyReceipt holds an answer back, so that the event about its effect arrives before it.
	answerHeldFor = 1500 * time.Millisecond
)

// triggerWait is how long a blow waits for its moment.
func (o Options) triggerWait() time.Duration { return max(o.Flow/10, minTriggerWait) }

// extraTriggerWait is how long after the flow, when the other blows no longer keep Parley from its work, a blow still
// waits whose kind has fallen too rarely.
func (o Options) extraTriggerWait() time.Duration {
	if o.Rate > 0 {
		return limitedTriggerWait
	}
	return minTriggerWait
}

// injectOnTrigger sets a trap for the moment of a blow on the wire, and waits until it has struck, or for too long.
func (in *injector) injectOnTrigger(ctx context.Context, h fault) {
	tr, posting := &trigger{route: h.Route, upstream: true, hit: true}, containsWords(in.driver.traits.PostRequest)
	switch h.Kind {
	case faultKillBusyLane:
		tr.match = containsMarker(&in.driver.burstMarkers)
		tr.inject = func(l *link) bool {
			tr.hit = false
			for _, r := range in.network.ownersOf(l) {
				tr.hit = r.kill() || tr.hit
			}
			return !h.Wholly
		}
	case faultStopAfterClaim:
		in.armStopAfterClaim(ctx, h, tr)
	case faultEarlyReceipt:
		tr.match = posting
		if h.Route == routeSMTP {
			tr.match = containsMarker(&in.driver.bounceMarkers)
		}

		tr.inject = func(l *link) bool {
			l.holdAnswers(answerHeldFor)
			return true
		}
	case faultLateRequest:
		tr.route, tr.match = in.opt.chatRoute(), posting
		tr.inject = func(*link) bool {
			pause.For(ctx, in.opt.RequestDelay) // whoever asks now is told that it isn't there
			return true
		}
	case faultLoseCommitAnswer:
		tr.route, tr.match = routePostgres, isCommitRequest
		tr.inject = func(l *link) bool {
			l.startDropping(false)
			time.AfterFunc(commitTimeout, l.reset)
			return true
		}
	}
	defer in.driver.stimuli.add(h.neededStimulus())()

	if h.isDatabaseOutage() {
		defer in.network.beginOutage()()
	}
	if in.waitForTrigger(ctx, h, tr) {
		in.recordInjected(h)
		return
	}

	in.recordMissed(h)
}

// waitForTrigger waits until a blow's trap has sprung and struck something: a process may have ended just before.
// It gives up after c.patience. But if the blow's kind has fallen too rarely by then, it waits on until
// extraTriggerWait is over, or until enough others of the kind have fallen.
func (in *injector) waitForTrigger(ctx context.Context, h fault, tr *trigger) bool {
	until, last := time.Now().Add(in.triggerTimeout), in.began.Add(in.opt.Flow+in.opt.extraTriggerWait())
	waiting, stop := context.WithCancel(ctx)
	defer stop()

	for waiting.Err() == nil {
		if in.network.triggers.wait(waiting, tr, time.Until(until)) {
			if tr.hit {
				return true
			}
			continue
		}

		if !last.After(until) || !in.extendWait(h.Kind, stop) {
			return false
		}

		until = last
	}

	return false
}

// extendWait reports whether fewer blows of a kind have fallen than a good run needs. Once that is no longer so, recordInjected calls stop.
func (in *injector) extendWait(name string, stop func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.needsMoreOf(name) {
		return false
	}
	if in.waiting == nil {
		in.waiting = map[string][]func(){}
	}
	in.waiting[name] = append(in.waiting[name], stop)
	return true
}

// needsMoreOf reports whether fewer blows of a kind have fallen than a good run needs. Caller holds c.mu.
func (in *injector) needsMoreOf(name string) bool {
	return in.injected[name] < in.opt.minInjected(in.opt.Faults[name])
}

// armStopAfterClaim lets a trap stop a sender once its claim is committed, before or just as the first
// byte of the message leaves. The stop lasts longer than the sender's lease.
func (in *injector) armStopAfterClaim(ctx context.Context, h fault, tr *trigger) {
	switch h.Route {
	case routePostgres:
		tr.upstream, tr.match = false, isClaimAnswer
	case routeSMTP:
		tr.match = containsWords("MAIL FROM")
	default:
		tr.match = containsWords(in.driver.traits.PostRequest)
	}

	tr.inject = func(l *link) bool {
		tr.hit = false
		for _, r := range in.network.ownersOf(l) {
			thaw, ok := r.stop()
			tr.hit = tr.hit || ok
			in.running.Go(func() {
				pause.For(ctx, h.Duration)
				thaw()
			})
		}

		<-time.After(stopLatency)
		return true
	}
}
