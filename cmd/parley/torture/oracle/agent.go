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
	thread     checker.Thread
	post       checker.Post
	reply      checker.Marker
	author     string // of the reply
	hasArrived bool   // the customer has the reply
}

// isUnclear reports whether nobody can tell whether the reply was sent.
func (q question) isUnclear() bool { return q.post.Buttons[verbMarkAsSent] != "" }

// chooseButton returns the id of the button that somebody clicks who knows whether the customer has the reply, or "".
func (q question) chooseButton() string {
	if q.hasArrived {
		return q.post.Buttons[verbMarkAsSent]
	}
	return cmp.Or(q.post.Buttons[verbSendAgain], q.post.Buttons[verbSend])
}

// answerQuestions clicks Send on replies that Parley asks about or has parked. Where Parley can't tell whether a
// reply was sent, it clicks Mark as sent if the customer has the reply, else Send again. It clicks on nothing that is
// internal. It returns how many clicks it made.
func (o *oracle) answerQuestions(ctx context.Context, observed checker.Observation) (clicks int, err error) {
	for _, q := range findQuestions(observed) {
		hasActed, err := o.answerQuestion(ctx, q)
		if err != nil {
			return clicks, err
		}
		if hasActed {
			clicks++
		}
	}
	return clicks, nil
}

// findQuestions returns the lines that ask about a reply of the thread's own customer. What asks about another
// customer's is a leak.
func findQuestions(observed checker.Observation) []question {
	authors := findAuthors(observed)
	var questions []question
	for _, t := range observed.Threads {
		for _, p := range t.Posts {
			reply := replyAskedAbout(p)
			isLine := p.Author == "" && p.ID != t.Root
			isOfCustomer := reply.Conversation == checker.CustomerOf(t)
			if !isLine || !isOfCustomer || authors[reply] == "" {
				continue
			}
			questions = append(questions, question{
				thread:     t,
				post:       p,
				reply:      reply,
				author:     authors[reply],
				hasArrived: observed.HasReached(reply),
			})
		}
	}
	return questions
}

// findAuthors returns who typed each reply.
func findAuthors(observed checker.Observation) map[checker.Marker]string {
	authors := map[checker.Marker]string{}
	for _, t := range observed.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Markers {
				if p.Author != "" && m.Kind == checker.Outbound {
					authors[m] = p.Author
				}
			}
		}
	}
	return authors
}

// answerQuestion clicks on a line with a question, unless it did so a moment ago. It reports whether it acted, or is
// waiting for an act of its own.
func (o *oracle) answerQuestion(ctx context.Context, q question) (hasActed bool, err error) {
	clickedAt := o.clickedAt[q.post.ID]
	button := q.chooseButton()
	switch {
	case button == "" || time.Since(clickedAt) < clickPause:
		return false, nil
	case q.isUnclear() && !clickedAt.IsZero(): // a second click could send the reply a second time
		return false, nil
	case checker.IsResolved(q.thread.Card): // nothing leaves from a resolved conversation: reopen it first
		return true, o.reopen(ctx, q)
	}

	o.clickedAt[q.post.ID] = time.Now()
	o.recordClick(q, button)
	err = o.platform.Click(ctx, q.author, q.post.ID, button)
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

// recordClick notes a click on a button of a question.
func (o *oracle) recordClick(q question, button string) {
	o.expectation.ActedIn[q.thread.Root] = true
	clicks := o.expectation.Clicks[q.reply]
	clicks.Sends++
	if q.isUnclear() {
		o.unclear[q.reply] = true
		if button == q.post.Buttons[verbSendAgain] {
			clicks.Resends++
		}
	} else {
		o.asked[q.reply] = true
	}
	o.expectation.Clicks[q.reply] = clicks
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
