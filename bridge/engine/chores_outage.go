package engine

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
)

// If Slack or Teams is down, agents don't see that customers write. This file checks every chat at an interval.
// It tells the admins by mail and SMS when a chat has been down for five minutes and when it is back. All
// processes share the state of a chat in one row (outage.State), so that only one of them tells the admins.
// Each mail or SMS is a row, too (outage.Notice), and is sent by whichever process claims it.
//
// A mail server may accept a notice while its answer is lost. Such a notice is unclear: the sender looks it up
// with Channel.Reconcile first, and sends it again only if it was not sent or if nothing can be found out.

const (
	reachTimeout      = 10 * time.Second // how long a chat may take to answer a check
	maxUnasked        = 2 * time.Minute  // after this time without a check by any process, the stored state no longer counts
	minAway           = 5 * time.Minute  // a chat that no process has reached for this long counts as down
	noticeInterval    = 2 * time.Second  // between polls for due notices
	noticeLease       = 3 * time.Minute
	noticePause       = 30 * time.Second // between attempts at a notice
	noticeUnsure      = time.Minute      // after an unclear attempt, until the lookup; the attempt has surely ended by then
	maxNoticeAttempts = 2000             // enough for most of a day
	maxNoticeLooks    = 30               // failed lookups of a notice in this process, after which it is sent again
	unclearAttempts   = 800              // attempts that one unclear attempt counts as, so that it is repeated at most twice
)

// reachAll checks all chats concurrently.
func (cs *Chores) reachAll(ctx context.Context) error {
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for account, surface := range cs.connectedSurfaces() {
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

// reachOne checks one chat, and stores the result together with the notices that follow from it.
func (cs *Chores) reachOne(ctx context.Context, account store.AccountID, r bridge.Reachable) error {
	asked, cancel := context.WithTimeout(ctx, reachTimeout)
	answer := r.Reach(asked)
	cancel()
	if ctx.Err() != nil {
		return nil // the process is stopping; the chat may be fine
	}

	return pgx.BeginFunc(ctx, cs.pool, func(tx pgx.Tx) error {
		return store.UpdateOutage(ctx, tx, account, maxUnasked, func(s *store.OutageState) []store.Notice {
			if change := noteAnswer(s, answer); change != nil {
				return cs.noticesOf(account, *change)
			}
			return nil
		})
	})
}

// news is what admins are told about a chat. The headline is the chat's name followed by what.
type news struct {
	what string // "is back"
	body string // the rest of a mail
	text string // the rest of an SMS, which has to be short
}

// noteAnswer updates a chat's state after a check, and returns what admins are to be told, or nil. answer is
// nil if the chat answered. Admins are told once that the chat is down: when no process has reached it for
// minAway, or at once if it rejects Parley's credentials. Later they are told that it is back.
func noteAnswer(s *store.OutageState, answer error) *news {
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

// Instructions for admins while a chat is down.
const (
	workWithoutChat = "Nothing is lost: what customers write is stored, and waits. " +
		"Agents can answer meanwhile in the browser, at /inbox of Parley's address. " +
		"Who can't sign in there is let in by `parley admin-link --email` on the server. " +
		"What is done there is told in the threads later. You will be told when the chat is back."
	textWithoutChat = " Agents can answer in the browser: /inbox of Parley's address."
)

// noticesOf returns a mail to each admin and an SMS to each number in the sending account's admin_numbers.
func (cs *Chores) noticesOf(account store.AccountID, n news) []store.Notice {
	dir := cs.Directory()
	headline := cs.SurfaceName(dir, account) + " " + n.what
	var list []store.Notice
	for _, a := range dir.Agents {
		if a.Active && a.IsAdmin() && a.Email != "" {
			list = append(list, store.Notice{
				Kind:    store.NoticeMail,
				Address: a.Email,
				Subject: "Parley: " + headline,
				Body:    headline + ".\n\n" + n.body,
			})
		}
	}
	if by := cs.textAccount(); by != nil {
		for _, number := range cs.adminNumbers(by) {
			list = append(list, store.Notice{Kind: store.NoticeText, Address: number, Body: "Parley: " + headline + "." + n.text})
		}
	}
	return list
}

// adminNumbers returns the phone numbers that an account sends notices to. It returns nil if the account can't
// send SMS, which is recognised by channels.Counter: only SMS channels count the parts of a text.
func (cs *Chores) adminNumbers(a *store.Account) []string {
	if _, sendsTexts := cs.Channel(a.ID).(channels.Counter); !sendsTexts {
		return nil
	}
	return cs.Directory().SettingsOf(a, ofThreads).AdminNumbers
}

// textAccount returns the account that sends SMS to admins, or nil if no account has numbers for that.
func (cs *Chores) textAccount() *store.Account {
	return cs.firstAccount(func(a *store.Account) bool { return len(cs.adminNumbers(a)) > 0 })
}

// mailAccount returns the account that sends mails to admins, or nil if none sends mails.
func (cs *Chores) mailAccount() *store.Account {
	return cs.firstAccount(func(a *store.Account) bool {
		ch := cs.Channel(a.ID)
		return ch != nil && ch.Capabilities().Threads
	})
}

// firstAccount returns the first account that can send notices, or nil. It prefers live accounts to those on trial.
func (cs *Chores) firstAccount(canSend func(*store.Account) bool) *store.Account {
	accounts := cs.Directory().Accounts
	for _, mode := range []store.Mode{store.ModeLive, store.ModeTrial} {
		for i := range accounts {
			if a := &accounts[i]; !a.Paused && a.Mode == mode && canSend(a) {
				return a
			}
		}
	}
	return nil
}

// noticeSender sends mails or SMS to admins about outages. One goroutine uses it.
type noticeSender struct {
	*Chores
	failedLooks map[int64]int // failed lookups in a row of an unclear notice, by notice
}

func (cs noticeSender) sendMails(ctx context.Context) error {
	return cs.sendAll(ctx, store.NoticeMail, cs.mailAccount())
}

func (cs noticeSender) sendTexts(ctx context.Context) error {
	return cs.sendAll(ctx, store.NoticeText, cs.textAccount())
}

// sendAll sends the due notices of a kind through an account. If by is nil, they stay in the queue.
func (cs noticeSender) sendAll(ctx context.Context, kind store.NoticeKind, by *store.Account) error {
	if by == nil {
		return nil
	}
	for {
		n, err := store.ClaimNotice(ctx, cs.pool, kind, by.ID, noticeLease)
		if err != nil || n == nil {
			return err
		}
		if err := cs.sendNotice(ctx, n); err != nil {
			return err
		}
	}
}

// sendNotice sends a notice to an admin, or looks it up if the last attempt was unclear.
func (cs noticeSender) sendNotice(ctx context.Context, n *store.Notice) error {
	ch := cs.Channel(n.AccountID)
	if ch == nil { // another account has to send it
		return store.FinishNotice(ctx, cs.pool, n, store.NoticeQueued, "its account is gone", noticePause)
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
	if state == store.NoticeFailed {
		cs.log.Error("an admin can't be told", "notice_id", n.ID, "kind", n.Kind, "class", string(channels.ClassOf(err)))
	}
	return store.FinishNotice(context.WithoutCancel(ctx), cs.pool, n, state, problem, pause) // stored even if the process is stopping
}

// stateAfterAttempt returns the next state of a notice after an attempt that ended with err, and when to
// continue with it.
func stateAfterAttempt(n *store.Notice, err error) (state string, pause time.Duration) {
	refused, isKnown := errors.AsType[*channels.SendError](err)
	switch {
	case err == nil:
		return store.NoticeSent, 0
	case !isKnown || refused.Class == channels.Ambiguous:
		return store.NoticeUnknown, noticeUnsure
	case refused.Class == channels.BadRecipient, refused.Class == channels.BadContent, n.Attempt >= maxNoticeAttempts:
		return store.NoticeFailed, 0
	default:
		return store.NoticeQueued, max(noticePause, refused.Wait)
	}
}

// noteLook stores the outcome of looking up an unclear notice. A lookup that fails is repeated up to
// maxNoticeLooks times.
func (cs noticeSender) noteLook(ctx context.Context, n *store.Notice, outcome channels.Outcome, err error) error {
	if err != nil && cs.failedLooks[n.ID] < maxNoticeLooks {
		cs.failedLooks[n.ID]++
		return store.LookAgainAtNotice(ctx, cs.pool, n, err.Error(), noticeUnsure)
	}

	delete(cs.failedLooks, n.ID)
	if err != nil {
		return cs.repeatNotice(ctx, n)
	}

	switch outcome {
	case channels.Landed:
		return store.FinishNotice(ctx, cs.pool, n, store.NoticeSent, "", 0)
	case channels.Absent:
		return store.FinishNotice(ctx, cs.pool, n, store.NoticeQueued, "it was not sent", 0)
	default:
		return cs.repeatNotice(ctx, n)
	}
}

// repeatNotice has a notice sent again although it may have arrived, because twice is better than never. It
// gives up when the unclear attempts reach maxNoticeAttempts.
func (cs noticeSender) repeatNotice(ctx context.Context, n *store.Notice) error {
	if n.Attempt+unclearAttempts >= maxNoticeAttempts {
		cs.log.Error("nobody can tell whether an admin was told", "notice_id", n.ID, "kind", n.Kind)
		return store.FinishNotice(ctx, cs.pool, n, store.NoticeFailed, "nobody can tell whether it was sent", 0)
	}
	return store.RepeatNotice(ctx, cs.pool, n, unclearAttempts)
}
