package teams

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// When a message arrives late, Parley first reads what was typed before it in its thread, and accepts that first, even
// if Teams reports it later or never. If Graph can't show it now, a gap is announced, and replies wait. The late
// message itself counts as reported by Teams.
func TestBeforeALateMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		spoil   func(w *world, first string) // runs before the late message comes
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
