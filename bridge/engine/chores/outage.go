package chores

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
	"parley/store/outage"
)

// If the agents' chat can't be reached, no agent learns of anything. This file asks each chat regularly whether it answers, and
// tells the admins by mail and SMS when it is away, and when it is back. What all processes know of a chat is a row
// (outage.State); each mail or SMS to an admin is one, too (outage.Notice).

const (
	reachTimeout      = 10 * time.Second // how long a chat may take to answer
	maxUnasked        = 2 * time.Minute  // if no process has asked a chat for so long, nothing is known of it
	minAway           = 5 * time.Minute  // a chat that no process reaches for so long counts as away
	noticeInterval    = 2 * time.Second  // between two looks for notices to be sent
	noticeLease       = 3 * time.Minute
	noticePause       = 30 * time.Second // between two attempts at a notice
	noticeUnsure      = time.Minute      // after an attempt without an answer, until it is surely over and can be looked for
	maxNoticeAttempts = 2000             // enough for most of a day
	maxNoticeLooks    = 30               // failed look-ups of one notice, by this process, after which it is sent again
	unclearAttempts   = 800              // what an attempt counts whose result stays unknown: such a notice is sent three times
)

// reachAll asks all chats at once whether they answer.
func (cs *Chores) reachAll(ctx context.Context) error {
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for account, surface := range cs.host.Surfaces() {
		if r, ok := surface.(bridge.Reachable); ok {
			group.Go(func() {
				err := cs.reachOne(ctx, account, r)
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			})
		}
	}

	group.Wait()
	return errors.Join(failed...)
}

// reachOne asks a chat whether it answers, and notes that with what admins are to be told.
func (cs *Chores) reachOne(ctx context.Context, account store.AccountID, r bridge.Reachable) error {
	asked, cancel := context.WithTimeout(ctx, reachTimeout)
	answer := r.Reach(asked)
	cancel()
	if ctx.Err() != nil {
		return nil // this process stops; that says nothing about the chat
	}

	return pgx.BeginFunc(ctx, cs.pool, func(tx pgx.Tx) error {
		return outage.UpdateState(ctx, tx, account, maxUnasked, func(s *outage.State) []outage.Notice {
			if what := noteAnswer(s, answer); what != nil {
				return cs.noticesOf(account, *what)
			}
			return nil
		})
	})
}

// news is what admins are told of a chat.
type news struct {
	what string // "is back"
	body string // what the mail says besides
	text string // what an SMS says besides: little, since it is short
}

// noteAnswer notes whether a chat has answered (nil), and returns the news in that, or nil. Admins are told once that the chat is away:
// if no process has reached it for minAway, or as soon as it refuses Parley's access. Later they are told that it is back.
func noteAnswer(s *outage.State, answer error) *news {
	refused, _ := errors.AsType[*channels.SendError](answer)
	isTold := s.ToldAt != nil
	switch {
	case answer == nil:
		away := s.Now.Sub(s.ReachedAt).Round(time.Minute)
		s.ReachedAt, s.ToldAt = s.Now, nil
		if !isTold {
			return nil
		}
		return &news{
			what: "is back",
			body: fmt.Sprintf("Parley reaches it again after %s. What was done meanwhile is being told in its threads.", away),
		}
	case isTold:
		return nil
	case refused != nil && refused.Class == channels.AuthBroken:
		s.ToldAt = &s.Now
		return &news{what: "refuses Parley", body: refused.Text + " " + refused.Hint + "\n\n" + workWithoutChat, text: textWithoutChat}
	case s.Now.Sub(s.ReachedAt) >= minAway:
		s.ToldAt = &s.Now
		return &news{
			what: "can't be reached",
			body: "Parley has not reached it for five minutes, and keeps trying.\n\n" + workWithoutChat,
			text: textWithoutChat,
		}
	default:
		return nil
	}
}

// How work goes on without a chat, for admins.
const (
	workWithoutChat = "Nothing is lost: what customers write is stored, and waits. " +
		"Agents can answer meanwhile in the browser, at /inbox of Parley's address. " +
		"Who can't sign in there is let in by `parley admin-link --email` on the server. " +
		"What is done there is told in the threads later. You will be told when the chat is back."
	textWithoutChat = " Agents can answer in the browser: /inbox of Parley's address."
)

// noticesOf makes a mail about a chat to each admin, and a text (SMS) to each phone number that an account has for that.
func (cs *Chores) noticesOf(account store.AccountID, n news) []outage.Notice {
	dir := cs.host.Directory()
	headline := cs.host.SurfaceName(dir, account) + " " + n.what
	var list []outage.Notice
	for _, a := range dir.Agents {
		if a.Active && a.IsAdmin() && a.Email != "" {
			list = append(list, outage.Notice{
				Kind:    outage.Mail,
				Address: a.Email,
				Subject: "Parley: " + headline,
				Body:    headline + ".\n\n" + n.body,
			})
		}
	}
	if by := cs.textAccount(); by != nil {
		for _, number := range cs.adminNumbers(by) {
			list = append(list, outage.Notice{Kind: outage.Text, Address: number, Body: "Parley: " + headline + "." + n.text})
		}
	}
	return list
}

// adminNumbers returns the phone numbers to which an account sends texts about chats. It returns none if the account
// sends no SMS: only their providers count texts.
func (cs *Chores) adminNumbers(a *store.Account) []string {
	if _, sendsTexts := cs.host.Channel(a.ID).(channels.Counter); !sendsTexts {
		return nil
	}
	return cs.host.Directory().SettingsOf(a, ofThreads).AdminNumbers
}

// textAccount returns the account that sends texts to admins, or nil if none has numbers for that.
func (cs *Chores) textAccount() *store.Account {
	return cs.firstAccount(func(a *store.Account) bool { return len(cs.adminNumbers(a)) > 0 })
}

// mailAccount returns the account that sends mails to admins, or nil if none sends mails.
func (cs *Chores) mailAccount() *store.Account {
	return cs.firstAccount(func(a *store.Account) bool {
		ch := cs.host.Channel(a.ID)
		return ch != nil && ch.Capabilities().Threads
	})
}

// firstAccount returns the first account that can send notices: a live one rather than one on trial. It returns nil if there is none.
func (cs *Chores) firstAccount(canSend func(*store.Account) bool) *store.Account {
	accounts := cs.host.Directory().Accounts
	for _, mode := range []store.Mode{store.ModeLive, store.ModeTrial} {
		for i := range accounts {
			if a := &accounts[i]; !a.Paused && a.Mode == mode && canSend(a) {
				return a
			}
		}
	}
	return nil
}

// noticeSender sends mails or texts to admins about outages.
type noticeSender struct {
	*Chores
	looks map[int64]int // how many look-ups of an unclear notice have failed in a row, by notice
}

// sendMails sends the mails to admins that are due.
func (cs noticeSender) sendMails(ctx context.Context) error {
	return cs.sendAll(ctx, outage.Mail, cs.mailAccount())
}

// sendTexts sends the texts to admins that are due.
func (cs noticeSender) sendTexts(ctx context.Context) error {
	return cs.sendAll(ctx, outage.Text, cs.textAccount())
}

// sendAll sends the due notices of a kind by an account. If that is nil, they wait for one.
func (cs noticeSender) sendAll(ctx context.Context, kind outage.Kind, by *store.Account) error {
	if by == nil {
		return nil
	}
	for {
		n, err := outage.Claim(ctx, cs.pool, kind, by.ID, noticeLease)
		if err != nil || n == nil {
			return err
		}
		if err := cs.sendNotice(ctx, n); err != nil {
			return err
		}
	}
}

// sendNotice sends a mail or a text to an admin. If the result of the last attempt is unknown, it looks for that message instead.
func (cs noticeSender) sendNotice(ctx context.Context, n *outage.Notice) error {
	ch := cs.host.Channel(n.AccountID)
	if ch == nil { // another account has to send it
		return outage.Finish(ctx, cs.pool, n, outage.Queued, "its account is gone", noticePause)
	}

	mail := channels.Outbound{
		DeliveryID: n.ID,
		MessageID:  n.ID,
		Attempt:    channels.Attempt{Number: n.Attempt},
		To:         []channels.Party{{Key: n.Address}},
		Subject:    n.Subject,
		Text:       n.Body,
		Author:     "Parley",
		Automatic:  true,
	}
	sending, cancel := context.WithTimeout(ctx, ch.Capabilities().Sending.Timeout)
	defer cancel()

	if n.Unclear {
		mail.Attempt.FirstAt = *n.FirstAt
		outcome, _, err := ch.Reconcile(sending, mail)
		return cs.noteLook(ctx, n, outcome, err)
	}

	_, err := ch.Send(sending, mail)
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	state, pause := stateAfterAttempt(n, err)
	if state == outage.Failed {
		cs.log.Error("an admin can't be told", "notice_id", n.ID, "kind", n.Kind, "class", string(channels.ClassOf(err)))
	}
	return outage.Finish(context.WithoutCancel(ctx), cs.pool, n, state, problem, pause) // written also if the process stops
}

// stateAfterAttempt returns what becomes of a notice by the answer to an attempt (err), and the pause before it is touched again.
func stateAfterAttempt(n *outage.Notice, err error) (state string, pause time.Duration) {
	refused, isKnown := errors.AsType[*channels.SendError](err)
	switch {
	case err == nil:
		return outage.Sent, 0
	case !isKnown || refused.Class == channels.Ambiguous:
		return outage.Unknown, noticeUnsure
	case refused.Class == channels.BadRecipient, refused.Class == channels.BadContent, n.Attempt >= maxNoticeAttempts:
		return outage.Failed, 0
	default:
		return outage.Queued, max(noticePause, refused.Wait)
	}
}

// noteLook writes what a look for an unclear notice has found. If the look-up failed, a later one may tell.
func (cs noticeSender) noteLook(ctx context.Context, n *outage.Notice, outcome channels.Outcome, err error) error {
	if err != nil && cs.looks[n.ID] < maxNoticeLooks {
		cs.looks[n.ID]++
		return outage.LookAgain(ctx, cs.pool, n, err.Error(), noticeUnsure)
	}

	delete(cs.looks, n.ID)
	if err != nil {
		return cs.repeatNotice(ctx, n)
	}

	switch outcome {
	case channels.Landed:
		return outage.Finish(ctx, cs.pool, n, outage.Sent, "", 0)
	case channels.Absent:
		return outage.Finish(ctx, cs.pool, n, outage.Queued, "it was not sent", 0)
	default:
		return cs.repeatNotice(ctx, n)
	}
}

// repeatNotice sends a notice once more though it may have arrived: twice is better than never. It gives up after some times.
func (cs noticeSender) repeatNotice(ctx context.Context, n *outage.Notice) error {
	if n.Attempt+unclearAttempts >= maxNoticeAttempts {
		cs.log.Error("nobody can tell whether an admin was told", "notice_id", n.ID, "kind", n.Kind)
		return outage.Finish(ctx, cs.pool, n, outage.Failed, "nobody can tell whether it was sent", 0)
	}
	return outage.Repeat(ctx, cs.pool, n, unclearAttempts)
}
