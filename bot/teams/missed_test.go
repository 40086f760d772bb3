package teams

import (
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// What people typed while Graph refused to show a channel stays inside when it shows the channel later, whichever replica reads it
// then; but for what mentions Parley. What they typed while Graph could not be reached is found.
func TestTypedWhileRefused(t *testing.T) {
	t.Parallel()
	refuse := func(w *world) (again func()) {
		w.fake.Entra.SetRSC(false)
		return func() { w.fake.Entra.SetRSC(true) }
	}
	fail := func(w *world) (again func()) {
		id := w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: http.StatusInternalServerError})
		return func() { w.fake.ClearFaults(id) }
	}
	toParley := []string{"We are on it", "It is on its way"}
	for name, tt := range map[string]struct {
		stop  func(w *world) (again func())
		reads int // which replica reads first
		want  []string
	}{
		"refused":                      {stop: refuse, want: toParley},
		"refused, and another replica": {stop: refuse, reads: 1, want: toParley},
		"not reached":                  {stop: fail, want: append([]string{"he always complains"}, toParley...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newClockedTalk(t)
			again := tt.stop(w)
			w.channel = w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "New"}).ID
			w.desk.Open(w.channel)
			w.root = w.openThread()
			w.replyUnheard("he always complains")
			w.replyUnheard("<@bot> reply: We are on it")
			w.later(time.Second)
			again()
			must(t, w.newReplicas()[tt.reads].history.catchUp(w.ctx()))
			w.later(time.Second)
			w.replyUnheard("It is on its way")
			must(t, w.surface.history.catchUp(w.ctx()))

			var texts []string
			for _, a := range w.acceptedActions() {
				texts = append(texts, a.Text)
			}
			wantList(t, "texts that are stored", texts, tt.want)
		})
	}
}

// A refusal that passes says nothing of what was typed before it: what a broken connection missed then is still found.
func TestTypedBeforeARefusal(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	must(t, w.surface.history.catchUp(w.ctx()))
	w.replyUnheard("It was missed")
	w.later(time.Second)
	refusal := w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: "Forbidden"})
	if err := w.surface.history.catchUp(w.ctx()); err != nil {
		t.Logf("while it is refused: %v", err)
	}
	w.later(time.Second)
	w.replyUnheard("said among colleagues")
	w.later(time.Second)
	w.fake.ClearFaults(refusal)

	must(t, w.surface.history.catchUp(w.ctx()))

	var texts []string
	for _, a := range w.acceptedActions() {
		texts = append(texts, a.Text)
	}
	wantList(t, "texts that are stored", texts, []string{"It was missed"})
}
