package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// toldOfWeek selects the stored posts that tell a team about its week.
const toldOfWeek = `SELECT payload::text FROM deliveries WHERE payload::text LIKE '%"week"%'`

// weeklyLines returns the lines in the channel that tell the team about its weeks.
func (w *world) weeklyLines() []bridgetest.Message {
	var list []bridgetest.Message
	for _, m := range w.chat.Messages(support, "") {
		if strings.HasPrefix(m.Plain(), "["+string(bridge.LineWeek)+"]") {
			list = append(list, m)
		}
	}
	return list
}

// stopDuring stops all processes while something happens, and starts another one afterwards.
func (w *world) stopDuring(while func()) {
	w.t.Helper()
	for _, stop := range w.stops {
		stop()
	}
	while()
	w.startReplica()
}

// On Mondays at nine the team is told how its week was, once, whichever process does it. If all processes were down at
// nine it is told later that day, but not days later. It isn't told any more when nobody wants it.
// Requirement R-230: Time to answer.
// Requirement R-231: Share resolved.
// Requirement R-233: By agent and team.
func TestWeeklyFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{account: withOfficeHours(t), engines: 2})
	w.exec(`UPDATE teams SET weekly = '0 9 * * MON'`)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.advanceTo(time.Wednesday, 10, 0)
	countTimers := func() int {
		return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'week:%' AND due_at > parley_now()`)
	}
	w.eventually("there is a timer", func() bool { return countTimers() == 1 })

	// Kim's message is answered, and Lou's isn't.
	w.customerWrites("kim", "Where is my order?")
	thread := w.waitThread("Where is my order?")
	w.advance(30 * time.Minute)
	w.reply(thread, "On its way")
	w.provider.WaitTexts(t, "On its way")
	w.customerWrites("lou", "Is anybody there?")
	w.waitThread("Is anybody there?")
	w.waitDrained()

	w.advanceTo(time.Monday, 9, 0)
	w.chat.Wait(t, "the week", func() bool { return len(w.weeklyLines()) == 1 })
	wantWords(t, "what the team is told", w.text(toldOfWeek), `"New": 2`, `"Answers": 1`, `"Waiting": 1`, `"ID": 1,`)

	// All processes are down on Monday at nine. The team is told two hours later, and not on Friday.
	w.eventually("there is the next timer", func() bool { return countTimers() == 1 })
	w.advanceTo(time.Tuesday, 9, 0)
	w.stopDuring(func() { w.advanceTo(time.Monday, 11, 0) })
	w.chat.Wait(t, "the week after", func() bool { return len(w.weeklyLines()) == 2 })
	w.waitDrained()
	w.stopDuring(func() { w.advanceTo(time.Friday, 9, 0); w.advanceTo(time.Friday, 9, 0) })
	w.eventually("there is the next timer", func() bool { return countTimers() == 1 })
	w.waitDrained()

	// The team doesn't want its figures any more.
	w.exec(`UPDATE teams SET weekly = ''`)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.eventually("there is no timer any more", func() bool { return countTimers() == 0 })
	if n := len(w.weeklyLines()); n != 2 {
		t.Errorf("told %d times, want 2", n)
	}
}

// A team in Auckland, where it is Monday morning, is told of the week until Sunday, although it is still Sunday where the
// accounts are.
func TestWeekOfAnotherZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{account: withOfficeHours(t)})
	w.exec(`UPDATE teams SET weekly = 'CRON_TZ=Pacific/Auckland 0 8 * * MON'`)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.advanceTo(time.Friday, 10, 0)
	w.eventually("a timer", func() bool { return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'week:%'`) == 1 })
	w.advanceTo(time.Sunday, 23, 30)
	w.chat.Wait(t, "the week", func() bool { return len(w.weeklyLines()) == 1 })
	last := w.text(`SELECT to_char((payload #>> '{line,To}')::date, 'FMDay') FROM deliveries WHERE payload::text LIKE '%"week"%'`)
	wantEqual(t, "the last day of the week", last, "Sunday")
}

// If a conversation is in a private channel, the week's line in the team's channel doesn't name it.
// Requirement R-212: Only some people read an account.
func TestWeekOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	w.moveChatToVault(withOfficeHours(t))
	w.advanceTo(time.Wednesday, 10, 0)
	w.exec(`UPDATE teams SET weekly = '0 9 * * MON'`)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.eventually("a timer", func() bool { return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'week:%'`) == 1 })

	w.customerWrites("kim", "Why is my salary so small?")
	w.chat.Wait(t, "the question is shown", func() bool { return len(w.chat.Messages(vault, "")) == 1 })
	root := w.chat.Messages(vault, "")[0].ID
	w.customerSends(mail, channelstest.Event{From: "lou@customer.test", Name: "Lou", Subject: "Lamp", Text: "Where is my lamp?"})
	thread := w.waitShown("Where is my lamp?").Thread

	w.advance(30 * time.Minute)
	w.waitFate(w.chat.Say("ann", vault, root, "It is not"), "out")
	w.waitFate(w.reply(thread, "Here it is"), "out")
	w.waitDrained()

	w.advanceTo(time.Monday, 9, 0)
	w.chat.Wait(t, "the week", func() bool { return len(w.weeklyLines()) == 1 })
	wantWords(t, "what the team's channel is told", w.text(toldOfWeek), `"Answers": 2`, "Lamp")
	wantNoWords(t, "what the team's channel is told", w.text(toldOfWeek), "Kim")
}
