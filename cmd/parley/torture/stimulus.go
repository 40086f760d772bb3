package torture

import (
	"context"
	"sync"
	"time"

	"parley/cmd/parley/torture/emulators"
)

// stimulus is a moment that a blow waits for, and that people bring about by what they write.
type stimulus string

// Wishes.
const (
	stimulusMail    stimulus = "a customer writes"
	stimulusMails   stimulus = "a customer writes several times at once"
	stimulusReply   stimulus = "an agent replies by mail"
	stimulusReplies stimulus = "an agent replies by mail several times at once"
	stimulusBounce  stimulus = "an agent replies to a mailbox that is gone"
)

// neededStimulus reports what lets a blow meet its moment.
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

// Pauses between two acts for the sake of a wish. Where the chat keeps to its limits, what is said only for a
// wish would otherwise stand in the way of what the wish waits for.
const (
	stimulusInterval        = 2 * time.Second
	limitedStimulusInterval = 6 * time.Second
)

// stimuli are those that wait, used by several goroutines.
type stimuli struct {
	interval time.Duration // the pause between two wishes that are granted

	mu        sync.Mutex
	list      []stimulus
	lastGiven time.Time
}

// add adds a wish; take removes it again.
func (s *stimuli) add(what stimulus) (take func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, what)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, other := range s.list {
			if other == what {
				s.list = append(s.list[:i:i], s.list[i+1:]...)
				return
			}
		}
	}
}

func (s *stimuli) isAnyOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list) > 0
}

// next returns the wish that is granted now, each in its turn; "" means none yet.
func (s *stimuli) next() stimulus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 || time.Since(s.lastGiven) < s.interval {
		return ""
	}
	s.lastGiven = time.Now()
	first := s.list[0]
	s.list = append(s.list[1:], first)
	return first
}

// giveStimulus does what somebody waits for, beyond what was to be said anyway.
func (d *driver) giveStimulus(ctx context.Context) (done bool, err error) {
	const several = 3
	switch what := d.stimuli.next(); what {
	case stimulusMail:
		return true, d.writeStimulus(ctx, 1)
	case stimulusMails:
		return true, d.writeStimulus(ctx, several)
	case stimulusReply, stimulusBounce:
		return d.replyStimulus(ctx, 1, what == stimulusBounce)
	case stimulusReplies:
		return d.replyStimulus(ctx, several, false)
	}
	return false, nil
}

// writeStimulus lets a customer write n times on end.
func (d *driver) writeStimulus(ctx context.Context, n int) error {
	t := d.conversations[d.rng.IntN(len(d.conversations))]
	d.mailsLeft += n
	return d.repeat(n, func(last bool) error { return d.writeAsCustomer(ctx, t, last) })
}

// replyStimulus lets an agent reply n times on end to a customer who writes mails. If that conversation
// was resolved, the customer writes first and the agent replies at another time: Parley may have learned
// of a word that resolves only after all that the customer wrote since. done is false if there is no such
// customer: nobody has written yet, or earlier replies have not left yet.
func (d *driver) replyStimulus(ctx context.Context, n int, bounces bool) (done bool, err error) {
	t := d.pickMailConversation(bounces)
	if t == nil {
		return false, nil
	}
	if err := d.findThreads(ctx); err != nil {
		return false, err
	}
	if t.untilReopened > 0 || t.resolved {
		d.mailsLeft++
		return true, d.writeAsCustomer(ctx, t, true)
	}

	t.quietUntil = time.Now().Add(d.hold + leaveWithin)
	d.repliesLeft += n
	return true, d.repeat(n, func(last bool) error { return d.typeReply(ctx, t, last) })
}

// leaveWithin is how long after the end of its hold a reply usually needs to leave.
const leaveWithin = 2 * time.Second

// pickMailConversation picks a customer who writes mails, has a thread, and to whom no reply is about to leave.
// With bounces it is one whose mailbox is gone. nil means there is none.
func (d *driver) pickMailConversation(bounces bool) *conversation {
	var list []*conversation
	for _, t := range d.conversations {
		isWanted := t.kind == emulators.ByMail && t.bounces == bounces
		canReply := t.root != "" && time.Now().After(t.quietUntil)
		if isWanted && canReply {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[d.rng.IntN(len(list))]
}
