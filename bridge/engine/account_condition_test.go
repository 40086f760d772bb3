package engine_test

import (
	"context"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// statusOf returns the status of an account: "active" while it works, "error" while something of it fails.
func (w *world) statusOf(account string) string {
	w.t.Helper()
	return w.text(`SELECT status FROM accounts WHERE id = $1`, w.accounts[account])
}

// waitStatus waits until an account has a status.
func (w *world) waitStatus(account, want string) {
	w.t.Helper()
	w.eventually("the account is "+want, func() bool { return w.statusOf(account) == want })
}

// refuseReply lets the provider refuse a reply because of the account, and waits until its author and the admins are
// told.
func (w *world) refuseReply(thread string) {
	w.t.Helper()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.AccountBlocked})
	w.reply(thread, "Refused")
	w.waitLine(thread, bridge.LineFailed)
	w.waitStatus(chat, "error")
}

// reportFetching lets the chat account's channel report to a replica whether it can fetch messages.
func (w *world) reportFetching(replica int, works bool) {
	c := channels.Condition{Status: channels.Active}
	if !works {
		c = channels.Condition{Status: channels.Broken, Text: "Nothing can be fetched."}
	}
	w.engines[replica].Report(w.accounts[chat], c)
}

// reportFetchingUntilActive lets the channel report to a replica that it can fetch, until the account is active.
func (w *world) reportFetchingUntilActive(replica int) {
	w.t.Helper()
	w.repeatUntil("the account is active", func() { w.reportFetching(replica, true) }, func() bool { return w.statusOf(chat) == "active" })
}

// An account whose replies are refused works again as soon as a reply leaves. That is so even if another process sends it
// than the one that saw the refusal, and if the account's channel reports nothing by itself.
func TestReplyEndsTheTroubleOfAProcessThatEnded(t *testing.T) {
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
	w.waitStatus(chat, "active")
}

// troubled is a channel that sends, but fails at something else.
type troubled struct{ channels.Channel }

func (c troubled) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	r, err := c.Channel.Send(ctx, o)
	r.Trouble = &channels.Condition{Status: channels.Broken, Text: "The copy can't be filed."}
	return r, err
}

// If a channel sends replies but fails at something else, such as filing copies, the account counts as failing until a
// reply leaves without that.
func TestTroubleBesideSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")
	works := w.live[chat].Load()

	w.engines[0].SetChannel(w.accounts[chat], troubled{works})
	w.reply(thread, "Without a copy")
	w.provider.WaitTexts(t, "Without a copy")
	w.waitStatus(chat, "error")

	w.engines[0].SetChannel(w.accounts[chat], works)
	w.reply(thread, "With a copy")
	w.provider.WaitTexts(t, "Without a copy", "With a copy")
	w.waitStatus(chat, "active")
}

// If one replica couldn't fetch messages for an account, the account works again as soon as another replica can.
func TestReplicaEndsTheTroubleOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.startReplica()
	w.reportFetching(0, true) // both know it to work
	w.reportFetching(1, true)
	w.reportFetchingUntilActive(0)

	w.reportFetching(0, false)
	w.waitStatus(chat, "error")
	w.reportFetchingUntilActive(1)
}

// A replica's reply was refused. If another replica can fetch messages, the account still counts as failing until the
// first replica has ended.
func TestFetchingEndsNoRefusalOfALivingReplica(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")
	w.refuseReply(thread)

	w.startReplica()
	w.reportFetching(1, true)
	w.waitStatus(chat, "error")

	w.stops[0]()
	w.reportFetchingUntilActive(1)
}

// An account is active only while both fetching and sending work, whichever works again first.
func TestAccountWorksWhenBothFetchingAndSendingWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")
	w.refuseReply(thread)
	w.reportFetching(0, true)
	w.waitStatus(chat, "error")

	w.reportFetching(0, false)
	w.reply(thread, "Here I am")
	w.provider.WaitTexts(t, "Here I am")
	w.waitDrained()
	w.waitStatus(chat, "error")

	w.reportFetching(0, true)
	w.waitStatus(chat, "active")
}

// If an account's settings didn't work, the account is active again as soon as a channel could be made with them, since
// that channel reports nothing by itself.
func TestNewChannelEndsTheTroubleOfSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.engines[0].Report(w.accounts[chat], channels.Condition{Status: channels.Broken, Text: "The account's settings don't work."})
	w.waitStatus(chat, "error")
	w.engines[0].SetChannel(w.accounts[chat], w.live[chat].Load())
	w.waitStatus(chat, "active")
}

// useUpQuota records that the provider refuses the chat account for two hours, because its quota is used up.
func (w *world) useUpQuota() {
	w.t.Helper()
	quota := channels.Condition{Status: channels.Broken, Text: "Enough for today.", Lasts: 2 * time.Hour}
	check(w.t, w.engines[0].NoteRefusal(w.t.Context(), w.accounts[chat], quota))
	w.waitStatus(chat, "error")
}

// setTroubleEnd changes in the database until when troubles last, as another replica does. It returns that time.
func (w *world) setTroubleEnd(fromNow time.Duration) time.Time {
	w.t.Helper()
	until := time.Now().Add(fromNow).Truncate(time.Microsecond) // as precise as PostgreSQL keeps it
	w.exec(`UPDATE leases SET until = $1 WHERE name LIKE 'trouble:%'`, until)
	return until
}

// sendReply lets kim write and ann answer, and waits until the answer has left.
func (w *world) sendReply(text string) {
	w.t.Helper()
	w.customerWrites("kim", "Hello?")
	w.reply(w.waitThread("Hello?"), text)
	w.provider.WaitTexts(w.t, text)
	w.waitDrained()
}

// sendReplyInSpiteOfQuota sends a reply while a quota is used up. It waits until the process has noted, after the reply
// left, that this doesn't end the trouble.
func (w *world) sendReplyInSpiteOfQuota() {
	w.t.Helper()
	w.sendReply("Here I am")
	w.eventually("the quota is known to last", w.engines[0].KnowsTroubleToEnd)
}

// If a provider refuses because of a used-up quota several times without a success in between, the trouble lasts from the
// latest refusal on.
func TestSecondRefusalProlongsTheQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.useUpQuota()
	w.setTroubleEnd(-time.Hour) // the first refusal's time is over
	w.useUpQuota()
	lasting := w.count(`SELECT count(*) FROM leases WHERE name LIKE 'trouble:%' AND until > clock_timestamp() + interval '1 hour'`)
	wantEqual(t, "troubles that last from the second refusal on", lasting, 1)
}

// If a reply leaves while a quota is used up, the trouble goes on. It ends after its time, even if no other reply leaves.
func TestQuotaEndsWithItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.useUpQuota()
	w.sendReplyInSpiteOfQuota()
	w.engines[0].EndTroublesAgain()
	w.waitStatus(chat, "error")

	w.engines[0].KnowTroublesUntil(w.setTroubleEnd(-time.Minute))
	w.engines[0].EndTroublesAgain()
	w.waitStatus(chat, "active")
}

// Another replica may have noted a later trouble, such as a revoked access. It doesn't end together with the quota. Only
// a later reply ends it. The two are told apart by their times.
func TestQuotaEndsNoLaterTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.useUpQuota()
	w.sendReplyInSpiteOfQuota()
	w.setTroubleEnd(-time.Minute)
	// The first call learns of the other trouble. The second call must not take it for its own.
	w.engines[0].EndTroublesAgain()
	w.engines[0].EndTroublesAgain()
	w.waitStatus(chat, "error")
}
