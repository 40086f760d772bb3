package teams

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/graph"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// What was typed in a thread before a message that came late is accepted before it, also if Teams tells of it later or never. If
// it can't be read now, replies wait for it. The late message itself counts as told.
func TestBeforeALateMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		spoil   func(w *world, first string) // before the late message comes
		want    []string                     // texts in the order in which they are accepted
		wantGap bool
	}{
		{name: "read", spoil: func(*world, string) {}, want: []string{"at once", "found: first", "second"}},
		{
			name:    "not read now",
			spoil:   func(w *world, _ string) { w.failGraph("graph.*", http.StatusInternalServerError) },
			want:    []string{"at once", "second"},
			wantGap: true,
		},
		{
			name:  "may not be read",
			spoil: func(w *world, _ string) { w.failGraph("graph.*", http.StatusForbidden) },
			want:  []string{"at once", "second"},
		},
		{
			name:    "its words not shown yet",
			spoil:   func(w *world, first string) { noError(w.t, w.fake.Admin.Blank(w.channel, first)) },
			want:    []string{"at once", "second"},
			wantGap: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newClockedWorld(t)
			first := w.replyUnheard("first")
			// The second message is held back until the next one comes, which is three seconds later.
			held := w.fake.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultReorder})
			w.replyAsAnn("second")
			w.fake.ClearFaults(held)
			w.advance(3 * time.Second)
			tt.spoil(w, first)
			gaps := w.desk.Gaps()
			w.typeAsAnn("at once")
			w.waitDelivered()

			var texts []string
			for _, a := range w.acceptedActions() {
				text := strings.TrimSpace(a.Text)
				if a.Origin == bridge.OriginCatchUp {
					text = "found: " + text
				}
				if a.Verb == bridge.VerbSay {
					texts = append(texts, text)
				}
			}
			wantList(t, "texts in the order in which they were accepted", texts, tt.want)
			wantEqual(t, "a gap was told", w.desk.Gaps() > gaps, tt.wantGap)
		})
	}
}

// catchUpReply reads the conversation's thread while Graph shows one reply in it, with this text. It checks whether nothing can be
// said of the reply yet, which is a gap.
func (w *world) catchUpReply(m graph.Message, text string, wantUnclear bool) {
	w.t.Helper()
	m.Body.Content = text
	thread := w.messageOfGraph(w.root, w.root)
	thread.Replies = []graph.Message{m}
	gaps := w.desk.Gaps()
	unclear, err := w.surface.history.catchUpThread(w.ctx(), w.channel, &thread)
	noError(w.t, err)
	wantEqual(w.t, fmt.Sprintf("%q is unclear", text), unclear, wantUnclear)
	wantEqual(w.t, fmt.Sprintf("%q: a gap was told", text), w.desk.Gaps() > gaps, wantUnclear)
}

// A reply of which Teams didn't tell, and which Graph shows without its words at first, is read again until Graph shows them, and
// what was typed behind it waits.
func TestReplyWithoutItsWordsIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	reply := w.messageOfGraph(w.root, w.replyUnheard("On its way"))
	w.catchUpReply(reply, "", true)
	w.advance(5 * time.Second)
	w.catchUpReply(reply, "", true)
	w.catchUpReply(reply, "<p>On its way</p>", false)
	wantList(t, "stored texts", w.acceptedTexts(), []string{"On its way"})
}

// A reply whose words are known and that is without words later is being deleted: nothing waits for it.
func TestKnownReplyWithoutItsWordsIsNotAwaited(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	reply := w.messageOfGraph(w.root, w.replyUnheard("On its way"))
	w.catchUpReply(reply, "<p>On its way</p>", false)
	reply.ModifiedAt = w.surface.org.Now()
	w.catchUpReply(reply, "", false)
}

// A reply that stays without words was deleted: nothing waits for it.
func TestReplyThatStaysWithoutItsWordsIsNotAwaited(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	reply := w.messageOfGraph(w.root, w.replyUnheard("Never mind"))
	w.advance(time.Minute)
	w.catchUpReply(reply, "", false)
}
