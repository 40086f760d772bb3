package torture

import (
	"context"
	"slices"
	"sync"
	"time"

	"parley/cmd/parley/torture/emulators"
)

// stimulus is something that people do again and again while a fault waits for its trigger, so that the trigger fires.
type stimulus string

// Stimuli.
const (
	stimulusMail    stimulus = "a customer writes"
	stimulusMails   stimulus = "a customer writes several times at once"
	stimulusReply   stimulus = "an agent replies by mail"
	stimulusReplies stimulus = "an agent replies by mail several times at once"
	stimulusBounce  stimulus = "an agent replies to a mailbox that is gone"
)

// neededStimulus returns what makes the trigger of a fault fire.
func (f fault) neededStimulus() stimulus {
	if f.Route == routeSMTP {
		switch f.Kind {
		case faultKillBusyLane:
			return stimulusReplies
		case faultEarlyReceipt:
			return stimulusBounce
		}
		return stimulusReply
	}

	if f.Kind == faultKillBusyLane {
		return stimulusMails
	}
	if f.Kind == faultStopAfterClaim && f.Route == routePostgres {
		return stimulusReply
	}

	return stimulusMail
}

// Pauses between two stimuli. Where the chat keeps to its limits, messages that are written only as a stimulus would
// otherwise delay those for which the trigger waits.
const (
	stimulusInterval        = 2 * time.Second
	limitedStimulusInterval = 6 * time.Second
)

// stimuli are those for which faults wait. Several goroutines may use it.
type stimuli struct {
	interval time.Duration // between two stimuli that next returns

	mu     sync.Mutex
	wanted []stimulus // the one that is next stands first
	lastAt time.Time  // when next returned one
}

// add asks for a stimulus until withdraw is called.
func (s *stimuli) add(what stimulus) (withdraw func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = append(s.wanted, what)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(s.wanted, what); i >= 0 { // which of several equal ones doesn't matter
			s.wanted = slices.Delete(s.wanted, i, i+1)
		}
	}
}

func (s *stimuli) isAnyWanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wanted) > 0
}

// next returns the stimulus whose turn it is, and moves it to the end; "" means that none is wanted, or not yet.
func (s *stimuli) next() stimulus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wanted) == 0 || time.Since(s.lastAt) < s.interval {
		return ""
	}
	s.lastAt = time.Now()
	first := s.wanted[0]
	s.wanted = append(s.wanted[1:], first)
	return first
}

// severalMessages is how many messages a customer or an agent writes for stimulusMails and stimulusReplies: enough
// for some to wait in their lane behind the first.
const severalMessages = 3

// giveStimulus does what a fault waits for, beyond what was to be written anyway. done is false if nothing was wanted or
// possible.
func (d *driver) giveStimulus(ctx context.Context) (done bool, err error) {
	switch d.stimuli.next() {
	case stimulusMail:
		return true, d.writeStimulus(ctx, 1)
	case stimulusMails:
		return true, d.writeStimulus(ctx, severalMessages)
	case stimulusReply:
		return d.replyStimulus(ctx, 1, d.pickConversation(isByMail))
	case stimulusBounce:
		return d.replyStimulus(ctx, 1, d.pickConversation(isBouncing))
	case stimulusReplies:
		return d.replyStimulus(ctx, severalMessages, d.pickConversation(isByMail))
	}
	return false, nil
}

// writeStimulus lets a customer write n times at once.
func (d *driver) writeStimulus(ctx context.Context, n int) error {
	c := d.conversations[d.rng.IntN(len(d.conversations))]
	d.mailsLeft += n
	return d.repeat(n, func(last bool) error { return d.writeAsCustomer(ctx, c, last) })
}

// replyStimulus lets an agent reply n times at once in a conversation. If that was resolved, the customer writes
// first and the agent replies at another time: Parley may have learned of the resolve command only after all that the
// customer wrote since. done is false if c is nil.
func (d *driver) replyStimulus(ctx context.Context, n int, c *conversation) (done bool, err error) {
	if c == nil {
		return false, nil
	}
	if err := d.findThreads(ctx); err != nil {
		return false, err
	}
	if c.untilReopened > 0 || c.resolved {
		d.mailsLeft++
		return true, d.writeAsCustomer(ctx, c, true)
	}

	c.quietUntil = time.Now().Add(d.hold + leaveWithin)
	d.repliesLeft += n
	return true, d.repeat(n, func(last bool) error { return d.typeReply(ctx, c, last) })
}

// leaveWithin is how long after the end of its hold a reply usually needs to leave.
const leaveWithin = 2 * time.Second

// isByMail reports whether a conversation is by mail, with somebody who gets our replies.
func isByMail(c *conversation) bool { return c.kind == emulators.ByMail && !c.bounces }

// isBouncing reports whether a conversation is with somebody whose mailbox is gone.
func isBouncing(c *conversation) bool { return c.kind == emulators.ByMail && c.bounces }

// pickConversation picks one of the conversations that fit, have a thread, and in which no reply is about to leave;
// nil means there is none.
func (d *driver) pickConversation(fits func(*conversation) bool) *conversation {
	var list []*conversation
	for _, c := range d.conversations {
		canReply := c.root != "" && time.Now().After(c.quietUntil)
		if canReply && fits(c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[d.rng.IntN(len(list))]
}
