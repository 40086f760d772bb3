package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// A reply that was typed in a chat before it went away stays before those from the page, since it may have been changed
// there: the page says so, and lets an agent send it as it stands, or take it back. What is said after it follows; when
// the chat is back, nothing leaves twice.
//
func TestInboxBehindTheChat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verb bridge.Verb // "" means that nobody does anything
		who  string
		want []string // that the customer gets
	}{
		"its author sends it":   {verb: bridge.VerbSend, who: "ann", want: []string{"In the chat", "On the page"}},
		"a colleague sends it":  {verb: bridge.VerbSend, who: "ben", want: []string{"In the chat", "On the page"}},
		"it is taken back":      {verb: bridge.VerbUndo, who: "ben", want: []string{"On the page"}},
		"it waits for the chat": {want: []string{"In the chat", "On the page"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: 10 * time.Second, gapWait: time.Millisecond, backoff: []time.Duration{time.Hour}})
			thread, p := w.openThread(), w.inboxPage()
			w.reply(thread, "!take")
			w.waitCard(thread, "| Ann |")
			w.replyInHold(thread, "In the chat")
			back := w.cutChatOff()
			w.advance(time.Minute)
			p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On the page"})
			w.advance(time.Minute)
			var before, after bridge.Spoken
			w.repeatUntil("the page says what waits for what", w.makeQueuesDue, func() bool {
				list := must(p.inbox.Spoken(t.Context(), w.agents["ben"], 1, bridge.SpokenBefore{}))(t).List
				before, after = list[len(list)-2], list[len(list)-1]
				return before.Unread && after.Behind == "Ann"
			})
			wantList(t, "buttons of what was typed in the chat", before.Verbs, []bridge.Verb{bridge.VerbSend, bridge.VerbUndo})
			wantList(t, "buttons of what waits behind it", after.Verbs, []bridge.Verb{bridge.VerbUndo})
			w.wantNothingSent()
			if c.verb != "" {
				p.actUntilDone(c.who, bridge.Act{Verb: c.verb, Args: bridge.Args{Message: before.ID, SendArgs: bridge.SendArgs{Sure: true}}})
				w.provider.WaitTexts(t, c.want...)
			}
			back()
			w.advance(2 * time.Hour) // the next attempt
			w.provider.WaitTexts(t, c.want...)
			w.waitDrained()
			if got := w.provider.Texts(); !slices.Equal(got, c.want) {
				t.Errorf("the customer got %q, want %q", got, c.want)
			}
			if c.verb == bridge.VerbSend && c.who == "ben" {
				wantWords(t, "the thread, which tells who sent it", strings.Join(w.threadTexts(thread), "\n"), "Ben")
			}
			logged := w.count(`SELECT count(*) FROM log_entries WHERE what = 'sent as it stood'`) == 1
			wantEqual(t, "the log tells that it was sent as it stood", logged, c.verb == bridge.VerbSend)
		})
	}
}
