package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// A reply that was typed in a chat before it went away stays before those from the page, since it may have been changed
// there: the page says so, and lets an agent send it as it stands, or take it back. What is said after it follows; when
// the chat is back, nothing leaves twice.
//
func TestInboxBehindTheChat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does bridge.Verb
		who  string
		want []string
	}{
		"its author sends it":   {bridge.VerbSend, "ann", []string{"In the chat", "On the page"}},
		"a colleague sends it":  {bridge.VerbSend, "ben", []string{"In the chat", "On the page"}},
		"it is taken back":      {bridge.VerbUndo, "ben", []string{"On the page"}},
		"nobody does, and wait": {"", "", []string{"In the chat", "On the page"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: 10 * time.Second, gapWait: time.Millisecond, backoff: []time.Duration{time.Hour}})
			thread, p := w.openThread(), w.inboxPage()
			w.reply(thread, "!take")
			w.waitCard(thread, "| Ann |")
			typed := w.reply(thread, "In the chat")
			w.waitFate(typed, store.FateWaiting)
			back := w.cutChatOff()
			w.advance(time.Minute)
			p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On the page"})
			w.advance(time.Minute)
			var before, after bridge.Spoken
			w.eventually("the page says what waits for what", func() bool {
				w.makeQueuesDue()
				list := must(p.inbox.Spoken(t.Context(), w.agents["ben"], 1, bridge.SpokenBefore{}))(t).List
				before, after = list[len(list)-2], list[len(list)-1]
				return before.Unread && after.Behind == "Ann"
			})
			if !slices.Equal(before.Verbs, []bridge.Verb{bridge.VerbSend, bridge.VerbUndo}) || !slices.Equal(after.Verbs, []bridge.Verb{bridge.VerbUndo}) {
				t.Errorf("the page offers %v and %v", before.Verbs, after.Verbs)
			}
			w.wantNothingSent()
			if c.does != "" {
				w.eventually("it is done", func() bool { // it is refused while the chat is asked once more
					name := p.act(c.who, bridge.Act{Verb: c.does, Args: bridge.Args{Conversation: 1, Message: before.ID, SendArgs: bridge.SendArgs{Sure: true}}})
					return must(p.inbox.Result(t.Context(), w.agents[c.who], 1, name))(t).State == bridge.ActDone
				})
				w.provider.WaitTexts(t, c.want...)
			}
			back()
			w.advance(2 * time.Hour) // the next attempt
			w.provider.WaitTexts(t, c.want...)
			w.waitDrained()
			if got := w.provider.Texts(); !slices.Equal(got, c.want) {
				t.Errorf("the customer got %q, want %q", got, c.want)
			}
			told := strings.Join(w.threadTexts(thread), "\n")
			if c.does == bridge.VerbSend && c.who == "ben" && !strings.Contains(told, "Ben") {
				t.Errorf("the thread doesn't tell who sent it:\n%s", told)
			}
			if n := w.count(`SELECT count(*) FROM log_entries WHERE what = 'sent as it stood'`); (n == 1) != (c.does == bridge.VerbSend) {
				t.Errorf("the log tells of it %d times", n)
			}
		})
	}
}
