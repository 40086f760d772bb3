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

// reachOne asks a chat whether it answers. Admins are told once that it is away: if no process has reached it for minAway, or as
// soon as it refuses Parley's access. Later they are told that it is back.
func (cs *Chores) reachOne(ctx context.Context, account store.AccountID, r bridge.Reachable) error {
	asked, cancel := context.WithTimeout(ctx, reachTimeout)
	err := r.Reach(asked)
	cancel()

	if ctx.Err() != nil {
		return nil // this process stops; that says nothing about the chat
	}

	var refused *channels.SendError
	revoked := errors.As(err, &refused) && refused.Class == channels.AuthBroken
	return pgx.BeginFunc(ctx, cs.pool, func(tx pgx.Tx) error {
		return outage.Change(ctx, tx, account, maxUnasked, func(s *outage.State) []outage.Notice {
			if err == nil {
				return cs.noteReached(account, s)
			}
			if s.ToldAt != nil {
				return nil // admins know that it is away
			}
			if revoked {
				s.ToldAt = &s.Now
				return cs.noticesOf(account, "refuses Parley", refused.Text+" "+refused.Hint+"\n\n"+workWithoutChat)
			}
			if s.Now.Sub(s.ReachedAt) >= minAway {
				s.ToldAt = &s.Now
				return cs.noticesOf(account, "can't be reached", "Parley has not reached it for five minutes, and keeps trying.\n\n"+workWithoutChat)
			}

			return nil
		})
	})
}

// noteReached notes that a chat answers. It returns the notices that it is back, if admins were told that it was away.
func (cs *Chores) noteReached(account store.AccountID, s *outage.State) []outage.Notice {
	isTold := s.ToldAt != nil
	away := s.Now.Sub(s.ReachedAt).Round(time.Minute)
	s.ReachedAt, s.ToldAt = s.Now, nil
	if !isTold {
		return nil
	}
	return cs.noticesOf(account, isBack, fmt.Sprintf("Parley reaches it again after %s. What was done meanwhile is being told in its threads.", away))
}

// isBack is what notices say of a chat that answers again.
const isBack = "is back"

// workWithoutChat tells admins how work goes on without a chat.
const workWithoutChat = "Nothing is lost: what customers write is stored, and waits. Agents can answer meanwhile in the browser, at /inbox of Parley's address. " +
	"Who can't sign in there is let in by `parley admin-link --email` on the server. " +
	"What is done there is told in the threads later. You will be told when the chat is back."

// noticesOf makes a mail about a chat to each admin, and a text (SMS) to each phone number that an account has for that.
func (cs *Chores) noticesOf(account store.AccountID, what, body string) []outage.Notice {
	dir := cs.host.Directory()
	name := cs.host.SurfaceName(dir, account)
	var list []outage.Notice
	for _, a := range dir.Agents {
		if !a.Active || !a.IsAdmin() {
			continue
		}

		if a.Email != "" {
			list = append(list, outage.Notice{
				Kind:    outage.Mail,
				Address: a.Email,
				Subject: "Parley: " + name + " " + what,
				Body:    name + " " + what + ".\n\n" + body,
			})
		}
	}

	if by := cs.textAccount(); by != nil {
		for _, number := range cs.adminNumbers(by) {
			text := "Parley: " + name + " " + what + "." + textHint(what)
			list = append(list, outage.Notice{Kind: outage.Text, Address: number, Body: text})
		}
	}

	return list
}

// textHint returns what a text says about what to do: little, since a text is short.
func textHint(what string) string {
	if what == isBack {
		return ""
	}
	return " Agents can answer in the browser: /inbox of Parley's address."
}

// adminNumbers returns the phone numbers to which an account sends texts about chats. It returns none if the account
// sends no SMS: only their providers count texts.
func (cs *Chores) adminNumbers(a *store.Account) []string {
	if _, sendsTexts := cs.host.Channel(a.ID).(channels.Counter); !sendsTexts {
		return nil
	}
	return cs.host.Directory().SettingsOf(a, ofThreads).AdminNumbers
}

// textAccount returns the account that sends texts to admins: the first one with numbers for that, and a live one
// rather than one on trial. It returns nil if there is none.
func (cs *Chores) textAccount() *store.Account {
	accounts := cs.host.Directory().Accounts
	for _, mode := range []store.Mode{store.ModeLive, store.ModeTrial} {
		for i := range accounts {
			a := &accounts[i]
			if a.Paused || a.Mode != mode {
				continue
			}
			if len(cs.adminNumbers(a)) > 0 {
				return a
			}
		}
	}
	return nil
}

// mailAccount returns the account that sends mails to admins: the first one that sends mails, and a live one rather than
// one on trial. It returns 0 if there is none.
func (cs *Chores) mailAccount() store.AccountID {
	for _, mode := range []store.Mode{store.ModeLive, store.ModeTrial} {
		for _, a := range cs.host.Directory().Accounts {
			if a.Paused || a.Mode != mode {
				continue
			}
			ch := cs.host.Channel(a.ID)
			if ch != nil && ch.Capabilities().Threads {
				return a.ID
			}
		}
	}
	return 0
}

// noticeSender sends mails or texts to admins about outages.
type noticeSender struct {
	*Chores
	looks map[int64]int // how many look-ups of an unclear notice have failed in a row, by notice
}

// sendMails sends the mails to admins that are due. Without an account for them they wait for one.
func (cs noticeSender) sendMails(ctx context.Context) error {
	return cs.sendAll(ctx, outage.Mail, cs.mailAccount())
}

// sendTexts sends the texts to admins that are due. Without an account for them they wait for one.
func (cs noticeSender) sendTexts(ctx context.Context) error {
	by := cs.textAccount()
	if by == nil {
		return nil
	}
	return cs.sendAll(ctx, outage.Text, by.ID)
}

// sendAll sends the due notices of a kind by an account. Without an account (0) it sends none.
func (cs noticeSender) sendAll(ctx context.Context, kind outage.Kind, account store.AccountID) error {
	if account == 0 {
		return nil
	}
	for {
		n, err := outage.Claim(ctx, cs.pool, kind, account, noticeLease)
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
	var se *channels.SendError
	late := context.WithoutCancel(ctx) // what became of it is written also if the process stops
	if err == nil {
		return outage.Finish(late, cs.pool, n, outage.Sent, "", 0)
	}
	if !errors.As(err, &se) || se.Class == channels.Ambiguous {
		return outage.Finish(late, cs.pool, n, outage.Unknown, err.Error(), noticeUnsure)
	}

	wouldFailAgain := se.Class == channels.BadRecipient || se.Class == channels.BadContent
	if wouldFailAgain || n.Attempt >= maxNoticeAttempts {
		cs.log.Error("an admin can't be told", "notice_id", n.ID, "kind", n.Kind, "class", string(se.Class))
		return outage.Finish(late, cs.pool, n, outage.Failed, err.Error(), 0)
	}

	return outage.Finish(late, cs.pool, n, outage.Queued, err.Error(), max(noticePause, se.Wait))
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
