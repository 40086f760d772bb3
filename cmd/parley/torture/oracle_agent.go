package torture

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// Sometimes Parley can't know whether a reply was sent, for example because the mail server's response was lost. Then it
// posts a question into the chat thread, a line with buttons such as "Send again" and "Mark as sent". The oracle, which
// observes a test run, also simulates the agent who answers these questions. It looks into the customer's mailbox first,
// as a real agent could ask the customer.

// clickPause is the minimum time between two clicks on the same question, since Parley may need a while to act on one.
const clickPause = 30 * time.Second

// The verbs of the buttons that the oracle's agent clicks.
const (
	verbSend       = "send"
	verbSendAgain  = "sendagain"
	verbMarkAsSent = "marksent" // is only offered if Parley can't know whether the reply was sent
)

// question is a post of Parley that asks an agent to decide about a reply.
type question struct {
	thread     Thread
	post       Post
	reply      Marker // identifies the reply, for example "outbound-c017-5"
	author     string // of the reply
	hasArrived bool   // the customer has received the reply
}

// isUnclear reports whether Parley can't know whether the reply was sent.
func (q question) isUnclear() bool { return q.post.Buttons[verbMarkAsSent] != "" }

// chooseButton returns the id of the button that an agent clicks who knows whether the reply has arrived; "" for none.
func (q question) chooseButton() string {
	if q.hasArrived {
		return q.post.Buttons[verbMarkAsSent]
	}
	return cmp.Or(q.post.Buttons[verbSendAgain], q.post.Buttons[verbSend], q.post.Buttons[verbSendThere])
}

// answerQuestions answers the open questions, and returns for how many it acted. It clicks Send for a reply that Parley
// has kept back. If Parley can't know whether a reply was sent, it clicks Mark as sent if the customer has the reply, or
// else Send again. It never clicks for internal messages. In each thread it answers one question at a time, so that the order
// of its clicks is known.
func (o *oracle) answerQuestions(ctx context.Context, observed Observation) (clicks int, err error) {
	hasActedIn := map[string]bool{}
	for _, q := range findQuestions(observed) {
		if hasActedIn[q.thread.Root] {
			continue
		}
		hasActed, err := o.answerQuestion(ctx, q)
		if err != nil {
			return clicks, err
		}
		if hasActed {
			hasActedIn[q.thread.Root] = true
			clicks++
		}
	}
	return clicks, nil
}

// findQuestions returns the questions about replies to the thread's own customer. It ignores others, which are leaks that
// the checker reports.
func findQuestions(observed Observation) []question {
	authors := findAuthors(observed)
	var questions []question
	for _, t := range observed.Threads {
		for _, p := range t.Posts {
			reply := replyAskedAbout(p)
			isLine := p.Author == "" && p.ID != t.Root
			isOfCustomer := reply.Conversation == CustomerOf(t)
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

// findAuthors returns the author of each reply.
func findAuthors(observed Observation) map[Marker]string {
	authors := map[Marker]string{}
	for _, t := range observed.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Markers {
				if p.Author != "" && m.Kind == Outbound {
					authors[m] = p.Author
				}
			}
		}
	}
	return authors
}

// answerQuestion clicks a button of a question, unless it did so a moment ago. hasActed is also true if the conversation
// must be reopened first.
func (o *oracle) answerQuestion(ctx context.Context, q question) (hasActed bool, err error) {
	clickedAt := o.clickedAt[q.post.ID]
	button := q.chooseButton()
	switch {
	case button == "" || time.Since(clickedAt) < clickPause:
		return false, nil
	case q.isUnclear() && !clickedAt.IsZero(): // another click could send the reply twice
		return false, nil
	case IsResolved(q.thread.Card): // nothing is sent from a resolved conversation: reopen it first
		return true, o.reopen(ctx, q)
	}

	o.clickedAt[q.post.ID] = time.Now()
	o.recordClick(q, button)
	err = o.platform.Click(ctx, q.author, q.post.ID, button)
	if errors.Is(err, ErrClickIgnored) { // a person would try again
		delete(o.clickedAt, q.post.ID)
		err = nil
	}

	return true, err
}

// reopen types the command that reopens the conversation of a question, unless it did so a moment ago.
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

// recordClick records a click, so that the checker can excuse its consequences.
func (o *oracle) recordClick(q question, button string) {
	o.expectation.ActedIn[q.thread.Root] = true
	clicks := o.expectation.Clicks[q.reply]
	clicks.Sends++
	if button != q.post.Buttons[verbMarkAsSent] {
		clicks.SentAt = time.Now()
	}
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

// replyAskedAbout returns the reply that a post of Parley is about; zero if there is none, or more than one.
func replyAskedAbout(p Post) Marker {
	reply := Marker{}
	for _, m := range Distinct(p.Markers) {
		if m.Kind == Edited { // the new text of the same reply
			continue
		}
		if m.Kind != Outbound || reply != (Marker{}) {
			return Marker{}
		}
		reply = m
	}
	return reply
}
