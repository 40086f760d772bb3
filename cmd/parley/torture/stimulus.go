package torture

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A test run injects faults while simulated customers and agents write. Some faults wait for a certain moment, such as the
// first bytes of an agent's reply on its way to the mail server. A trigger watches the network for that moment. This file
// brings it about: while such a fault waits, people repeat an act that leads to the moment, such as replying to a mail.
// That act is the fault's stimulus.

// stimulus is an act of people that makes a trigger fire.
type stimulus string

// Stimuli.
const (
	stimulusMail    stimulus = "a customer writes"
	stimulusMails   stimulus = "a customer writes several times at once"
	stimulusReply   stimulus = "an agent replies by mail"
	stimulusReplies stimulus = "an agent replies by mail several times at once"
	stimulusBounce  stimulus = "an agent replies to a mailbox that is gone"
)

// neededStimulus returns the act that makes the trigger of a fault fire. A customer's mail becomes a post in the agents'
// chat, and an agent's reply is sent by SMTP. Messages to the same destination wait in a queue, their lane.
func (f fault) neededStimulus() stimulus {
	isAboutReplies := f.Route == routeSMTP
	switch f.Kind {
	case faultKillBusyLane: // several messages must wait in one lane
		if isAboutReplies {
			return stimulusReplies
		}
		return stimulusMails
	case faultEarlyReceipt: // the only receipt for a mail is a bounce
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

// Pauses between two stimuli. A chat that enforces its rate limits accepts few posts in a minute, so there the pause is
// longer: too many stimuli would delay the posts for which the trigger waits.
const (
	stimulusInterval        = 2 * time.Second
	limitedStimulusInterval = 6 * time.Second
)

// stimuli has the stimuli that waiting faults need. It may be used concurrently.
type stimuli struct {
	interval time.Duration // between two stimuli that next returns

	mu     sync.Mutex
	wanted []stimulus // in the order of turns; a stimulus that two faults need is listed twice
	lastAt time.Time  // when next last returned one
}

// add requests a stimulus until withdraw is called.
func (s *stimuli) add(what stimulus) (withdraw func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = append(s.wanted, what)
	return func() { s.remove(what) }
}

// remove removes one request for a stimulus.
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

// next returns the first stimulus and moves it to the end. It returns "" if there is none, or if the interval since the
// previous one isn't over.
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

// severalMessages is the number of messages for stimulusMails and stimulusReplies. It is large enough for some to wait in
// their lane after the first.
const severalMessages = 3

// giveStimulus performs the next stimulus. done is false if no stimulus is due, or if no conversation fits.
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

// writeStimulus has a random customer write n times in a row.
func (d *driver) writeStimulus(ctx context.Context, n int) error {
	c := d.conversations[d.rng.IntN(len(d.conversations))]
	d.mailsLeft += n
	return d.repeat(n, func(last bool) error { return d.writeAsCustomer(ctx, c, last) })
}

// replyStimulus has an agent reply n times in a row in a conversation. done is false if c is nil.
//
// If the conversation may be resolved, the customer writes instead, which reopens it, and the stimulus has to be repeated.
// The agent can't reply immediately, since Parley may not have applied the command that resolved it yet.
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

	// Another message in the thread would restart the hold, the time for which Parley keeps a reply back.
	c.quietUntil = time.Now().Add(d.hold + leaveWithin)
	d.repliesLeft += n
	return true, d.repeat(n, func(last bool) error { return d.typeReply(ctx, c, last) })
}

// leaveWithin is the time after the end of its hold by which a reply has usually been sent.
const leaveWithin = 2 * time.Second

// isByMail reports whether a conversation is by mail with a customer who receives replies.
func isByMail(c *conversation) bool { return c.kind == ByMail && !c.bounces }

// isBouncing reports whether a conversation is by mail with a customer whose mailbox no longer exists.
func isBouncing(c *conversation) bool { return c.kind == ByMail && c.bounces }

// pickConversation returns a random conversation that fits, has a thread, and in which no reply is about to be sent. It
// returns nil if there is none.
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
