package oracle

import (
	"cmp"
	"context"
	"errors"
	"time"

	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// Sometimes Parley can't decide about a reply by itself and asks people in the thread, by a message with buttons such
// as "Send again" or "Mark as sent". The oracle plays the agent who clicks them. It looks into the customer's mailbox
// first, as an agent could ask the customer.

// clickPause is how long the oracle's agent waits before it clicks the same again: Parley may need so long to act on
// a click.
const clickPause = 30 * time.Second

// The verbs of the buttons that the oracle's agent clicks.
const (
	verbSend       = "send"
	verbSendAgain  = "sendagain"
	verbMarkAsSent = "marksent" // is offered only where Parley can't tell whether the reply was sent
)

// question is a line of Parley's that asks somebody to decide about a reply.
type question struct {
	thread checker.Thread
	post   checker.Post
	reply  checker.Marker
	author string // of the reply
}

// answerQuestions clicks Send on replies that Parley asks about or has parked. Where Parley can't tell whether a
// reply was sent, it clicks Mark as sent if the customer has the reply, else Send again. It clicks on nothing that is
// internal. It returns how many clicks it made.
func (o *oracle) answerQuestions(ctx context.Context, observed checker.Observation) (int, error) {
	authors := map[checker.Marker]string{} // of replies
	for _, t := range observed.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Markers {
				if p.Author != "" && m.Kind == checker.Outbound {
					authors[m] = p.Author
				}
			}
		}
	}

	clicks := 0
	for _, t := range observed.Threads {
		for _, p := range t.Posts {
			isLine := p.Author == "" && p.ID != t.Root
			reply := replyAskedAbout(p)
			isOwn := reply.Conversation == checker.CustomerOf(t) // what stands in another customer's thread is a leak
			if !isLine || !isOwn || authors[reply] == "" {
				continue
			}

			hasActed, err := o.answerQuestion(ctx, question{t, p, reply, authors[reply]}, observed.HasReached(reply))
			if err != nil {
				return clicks, err
			}
			if hasActed {
				clicks++
			}
		}
	}

	return clicks, nil
}

// answerQuestion clicks on a line with a question, unless it did so a moment ago. hasArrived says that the customer
// has the reply. It reports whether it acted, or is waiting for an act of its own.
func (o *oracle) answerQuestion(ctx context.Context, q question, hasArrived bool) (hasActed bool, err error) {
	if time.Since(o.clickedAt[q.post.ID]) < clickPause {
		return false, nil
	}

	id := chooseButton(q.post.Buttons, hasArrived)
	if id == "" {
		return false, nil
	}

	isUnclear := q.post.Buttons[verbMarkAsSent] != ""
	if isUnclear && !o.clickedAt[q.post.ID].IsZero() { // a second click could send the reply a second time
		return false, nil
	}

	if checker.IsResolved(q.thread.Card) { // nothing leaves from a resolved conversation: reopen it first
		return true, o.reopen(ctx, q)
	}

	o.clickedAt[q.post.ID] = time.Now()
	isResend := id == q.post.Buttons[verbSendAgain]
	o.recordClick(q.thread.Root, q.reply, isUnclear, isResend)
	err = o.platform.Click(ctx, q.author, q.post.ID, id)
	if errors.Is(err, emulators.ErrClickIgnored) { // a person would try again
		delete(o.clickedAt, q.post.ID)
		err = nil
	}

	return true, err
}

// reopen reopens the conversation of a question, unless it did so a moment ago.
func (o *oracle) reopen(ctx context.Context, q question) error {
	root := q.thread.Root
	if time.Since(o.clickedAt[root]) < clickPause {
		return nil
	}

	o.clickedAt[root] = time.Now()
	o.expectation.ActedIn[root] = true
	_, err := o.platform.Post(ctx, q.author, root, o.platform.Traits().Command("reopen"))
	return err
}

// chooseButton returns the id of the button that somebody clicks who knows whether the customer has the reply, or "".
func chooseButton(buttons map[string]string, hasArrived bool) string {
	if hasArrived {
		return buttons[verbMarkAsSent]
	}
	return cmp.Or(buttons[verbSendAgain], buttons[verbSend])
}

// recordClick notes a click about a reply. isUnclear means that nobody could tell whether the reply was sent;
// isResend means that the click sends it once more.
func (o *oracle) recordClick(root string, reply checker.Marker, isUnclear, isResend bool) {
	o.expectation.ActedIn[root] = true
	clicks := o.expectation.Clicks[reply]
	clicks.Sends++
	if isUnclear {
		o.unclear[reply] = true
	} else {
		o.asked[reply] = true
	}
	if isUnclear && isResend {
		clicks.Resends++
	}
	o.expectation.Clicks[reply] = clicks
}

// replyAskedAbout returns the reply that a line of Parley's is about. It returns the zero marker if the line is about
// no reply, or about several.
func replyAskedAbout(p checker.Post) checker.Marker {
	reply := checker.Marker{}
	for _, m := range checker.Distinct(p.Markers) {
		if m.Kind == checker.Edited { // the new text of the same reply
			continue
		}
		if m.Kind != checker.Outbound || reply != (checker.Marker{}) {
			return checker.Marker{}
		}
		reply = m
	}
	return reply
}
