package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// waitCondition waits until an account's condition is the given one.
func (w *world) waitCondition(account, want string) {
	w.t.Helper()
	w.eventually("the account is "+want, func() bool {
		return w.text(`SELECT status FROM accounts WHERE id = $1`, w.accounts[account]) == want
	})
}

// refuseReply lets the provider refuse a reply because of the account, and waits until its author and the admins know.
func (w *world) refuseReply(thread string) {
	w.t.Helper()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.AccountBlocked})
	w.reply(thread, "Refused")
	w.waitLine(thread, bridge.LineFailed)
	w.waitCondition(chat, "error")
}

// A process that ended has found an account to be refused. The next one learns by the first reply that leaves that it works again,
// also if the account's channel never reports anything by itself.
func TestConditionAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")
	w.refuseReply(thread)
	w.waitDrained()

	w.stops[0]()
	w.startReplica()
	w.reply(thread, "Here I am")
	w.provider.WaitTexts(t, "Here I am")
	w.waitCondition(chat, "active")
}

// Of two replicas, one has found an account to be refused, or unable to fetch. It works again once the other one succeeds at
// that very thing, not at another one, or once the process that saw the trouble has ended.
func TestConditionOfTwoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.startReplica()
	report := func(replica int, c channels.Condition) { w.engines[replica].Report(w.accounts[chat], c) }
	works, broken := channels.Condition{Status: channels.Active}, channels.Condition{Status: channels.Broken, Text: "Nothing can be fetched."}
	report(0, works) // both know it to work
	report(1, works)
	waitActiveBy := func(replica int) {
		t.Helper()
		w.repeatUntil("the account is active", func() { report(replica, works) }, func() bool {
			return w.text(`SELECT status FROM accounts WHERE id = $1`, w.accounts[chat]) == "active"
		})
	}

	// The other replica succeeds at fetching, at which the first one failed.
	report(0, broken)
	w.waitCondition(chat, "error")
	waitActiveBy(1)

	// A reply is refused, and a new replica succeeds at fetching: the account works once the process that saw the refusal has ended.
	w.stops[0]()
	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")
	w.refuseReply(thread)
	w.startReplica()
	report(2, works)
	w.waitCondition(chat, "error")
	w.stops[1]()
	waitActiveBy(2)
}

// An account whose messages can be fetched, and whose replies are refused, doesn't work: it works again once a reply leaves.
func TestConditionOfHalfAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")
	w.refuseReply(thread)
	report := func(c channels.Condition) { w.engines[0].Report(w.accounts[chat], c) }
	report(channels.Condition{Status: channels.Active})
	w.waitCondition(chat, "error")

	report(channels.Condition{Status: channels.Broken, Text: "Nothing can be fetched either."})
	w.reply(thread, "Here I am")
	w.provider.WaitTexts(t, "Here I am")
	w.waitDrained()
	w.waitCondition(chat, "error")
	report(channels.Condition{Status: channels.Active})
	w.waitCondition(chat, "active")
}

// An account's settings didn't work: it works again when a channel could be made of them, unless the channel itself is to say so.
func TestConditionOfSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.engines[0].Report(w.accounts[chat], channels.Condition{Status: channels.Broken, Text: "The account's settings don't work."})
	w.waitCondition(chat, "error")
	w.engines[0].SetChannel(w.accounts[chat], w.live[chat].Load())
	w.waitCondition(chat, "active")
}

// An account that has used up its quota is refused again and again, without a success between: what admins were told of it lasts
// from the latest refusal on. A reply that leaves meanwhile doesn't end it; once the time is over it has ended, though no other reply leaves.
// What another replica has noted since, such as that the access is revoked, is another trouble: only a later reply ends that.
func TestQuotaLastsFromTheLatestRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	quota := channels.Condition{Status: channels.Broken, Text: "Enough for today.", Lasts: 2 * time.Hour}
	check(t, w.engines[0].NoteRefusal(t.Context(), w.accounts[chat], quota))
	w.waitCondition(chat, "error")

	// A second refusal, when the first one's time is over, begins the time anew.
	w.exec(`UPDATE leases SET until = clock_timestamp() - interval '1 hour' WHERE name LIKE 'trouble:%'`)
	check(t, w.engines[0].NoteRefusal(t.Context(), w.accounts[chat], quota))
	if n := w.count(`SELECT count(*) FROM leases WHERE name LIKE 'trouble:%' AND until > clock_timestamp() + interval '1 hour'`); n != 1 {
		t.Errorf("%d troubles last from the second refusal on, want 1", n)
	}

	// A reply that leaves doesn't end it before its time, and when that is over it ends without a reply.
	w.customerWrites("kim", "Hello?")
	w.reply(w.waitThread("Hello?"), "Here I am")
	w.provider.WaitTexts(t, "Here I am")
	w.waitDrained()
	w.engines[0].EndTroublesAgain()
	w.waitCondition(chat, "error")
	over := time.Now().Add(-time.Minute).Truncate(time.Microsecond)
	w.exec(`UPDATE leases SET until = $1 WHERE name LIKE 'trouble:%'`, over)
	w.engines[0].KnowTroublesUntil(over)
	w.engines[0].EndTroublesAgain()
	w.waitCondition(chat, "active")

	// A trouble that another replica has noted since doesn't end with it.
	check(t, w.engines[0].NoteRefusal(t.Context(), w.accounts[chat], quota))
	w.reply(w.waitThread("Hello?"), "Still there?")
	w.provider.WaitTexts(t, "Here I am", "Still there?")
	w.waitDrained()
	w.exec(`UPDATE leases SET until = $1 WHERE name LIKE 'trouble:%'`, over) // access is revoked, as another replica notes
	w.engines[0].EndTroublesAgain()
	w.engines[0].EndTroublesAgain()
	w.waitCondition(chat, "error")
}
