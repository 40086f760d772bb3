package torture

import (
	"context"
	"slices"
	"sync"
	"time"

	"parley/cmd/parley/torture/emulators"
)

// The torture disturbs running Parleys while customers and agents write, and checks that no message is lost. Some of
// its faults wait for a certain moment, such as the commit after a reply was sent. A trigger watches the network for
// that moment, and then injects the fault. This file makes the moment come: while a fault waits, people do what leads
// to it (its stimulus) again and again, beside what they write anyway.

// stimulus is what people do so that a trigger fires.
type stimulus string

// Stimuli.
const (
	stimulusMail    stimulus = "a customer writes"
	stimulusMails   stimulus = "a customer writes several times at once"
	stimulusReply   stimulus = "an agent replies by mail"
	stimulusReplies stimulus = "an agent replies by mail several times at once"
	stimulusBounce  stimulus = "an agent replies to a mailbox that is gone"
)

// neededStimulus returns what makes the trigger of a fault fire. A mail of a customer becomes a post in the agents'
// chat; an agent's reply leaves by SMTP. Messages that go to the same place wait for each other in a queue, their
// lane.
func (f fault) neededStimulus() stimulus {
	isAboutReplies := f.Route == routeSMTP
	switch f.Kind {
	case faultKillBusyLane: // several messages must wait in one lane
		if isAboutReplies {
			return stimulusReplies
		}
		return stimulusMails
	case faultEarlyReceipt: // of a mail there is no receipt but a bounce
		if isAboutReplies {
			return stimulusBounce
		}
	case faultStopAfterClaim: // in the database, it waits for the claim of a reply
		isAboutReplies = isAboutReplies || f.Route == routePostgres
	}

	if isAboutReplies {
		return stimulusReply
	}
	return stimulusMail
}

// Pauses between two stimuli. A chat that keeps to its limits takes few posts in a minute, so there the pause is
// longer: posts for a stimulus would delay those for which the trigger waits.
const (
	stimulusInterval        = 2 * time.Second
	limitedStimulusInterval = 6 * time.Second
)

// stimuli are those for which faults wait. Several goroutines may use it.
type stimuli struct {
	interval time.Duration // between two stimuli that next returns

	mu     sync.Mutex
	wanted []stimulus // the one whose turn it is stands first; one for which two faults wait stands here twice
	lastAt time.Time  // when next returned one
}

// add asks for a stimulus until withdraw is called.
func (s *stimuli) add(what stimulus) (withdraw func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = append(s.wanted, what)
	return func() { s.remove(what) }
}

// remove takes out one of the wanted stimuli that are equal to this one.
func (s *stimuli) remove(what stimulus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.wanted, what); i >= 0 {
		s.wanted = slices.Delete(s.wanted, i, i+1)
	}
}

// isAnyWanted reports whether a fault waits for a stimulus.
func (s *stimuli) isAnyWanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wanted) > 0
}

// next returns the stimulus whose turn it is, and puts it last. It returns "" if none is wanted, or if the interval
// since the last one isn't over.
func (s *stimuli) next(now time.Time) stimulus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wanted) == 0 || now.Sub(s.lastAt) < s.interval {
		return ""
	}

	first := s.wanted[0]
	s.wanted = append(s.wanted[1:], first)
	s.lastAt = now
	return first
}

// severalMessages is how many messages somebody writes for stimulusMails and stimulusReplies. It is enough for some
// to wait in their lane behind the first.
const severalMessages = 3

// giveStimulus does what a fault waits for. done is false if no stimulus is due, or if no conversation fits.
// Errors: those of the chat or the mail server in which it is done.
func (d *driver) giveStimulus(ctx context.Context) (done bool, err error) {
	switch d.stimuli.next(time.Now()) {
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

// writeStimulus lets any customer write n times at once.
func (d *driver) writeStimulus(ctx context.Context, n int) error {
	c := d.conversations[d.rng.IntN(len(d.conversations))]
	d.mailsLeft += n
	return d.repeat(n, func(last bool) error { return d.writeAsCustomer(ctx, c, last) })
}

// replyStimulus lets an agent reply n times at once in a conversation. done is false if c is nil.
//
// In a conversation that was resolved, or perhaps is, the customer writes instead, which reopens it. An agent replies
// there another time: Parley may still have to apply the command that resolved it.
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

	// Another message in the thread would begin the hold anew, the time that a reply waits so that it can be taken
	// back.
	c.quietUntil = time.Now().Add(d.hold + leaveWithin)
	d.repliesLeft += n
	return true, d.repeat(n, func(last bool) error { return d.typeReply(ctx, c, last) })
}

// leaveWithin is how soon after the end of its hold a reply has usually left.
const leaveWithin = 2 * time.Second

// isByMail reports whether a conversation is by mail, with somebody who gets our replies.
func isByMail(c *conversation) bool { return c.kind == emulators.ByMail && !c.bounces }

// isBouncing reports whether a conversation is with somebody whose mailbox is gone.
func isBouncing(c *conversation) bool { return c.kind == emulators.ByMail && c.bounces }

// pickConversation picks at random one of the conversations that fit, have a thread, and in which no reply is about
// to leave. It returns nil if there is none.
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
