package teams

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Teams passes the suite of all surfaces if its messages may be read, and as far as that goes if they may not, or in a trial without
// Azure.
func TestExercise(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		reads   bool
		changes []func(*Options, *teamsfake.Options)
	}{
		"with Graph":    {reads: true},
		"without Graph": {},
		"without Azure": {changes: []func(*Options, *teamsfake.Options){withoutAzure}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bridgetest.ExerciseSurface(t, bridgetest.Harness{New: func(t *testing.T) bridgetest.Stage { return newExerciseStage(t, tt.reads, tt.changes...) }})
		})
	}
}

// withoutAzure makes a trial: nobody signs, nobody has a secret, and Entra isn't there.
func withoutAzure(o *Options, f *teamsfake.Options) {
	o.AllowUnsigned, f.Unsigned = true, true
}

// newExerciseStage connects a surface to an organisation of its own. reads says whether Graph shows messages.
func newExerciseStage(t *testing.T, reads bool, changes ...func(*Options, *teamsfake.Options)) bridgetest.Stage {
	w := newWorld(t, changes...)
	w.desk.Open(w.channel)
	w.connect().run()
	if !reads {
		w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: http.StatusForbidden, Code: "Forbidden"})
	}
	w.desk.Connected(t, 1)
	person := w.fake.As(ann)
	return bridgetest.Stage{
		Surface: w.surface, Desk: w.desk.Desk, Channel: w.channel, Agent: ann, Other: ben, FindsDeleted: true, Blind: !reads,
		Mention: func(user string) string { return "<@" + user + ">" },
		Shown: func(_ *testing.T, root string) (shown []bridgetest.Shown) {
			for _, m := range w.fake.Thread(w.channel, root) {
				if !m.Deleted() {
					shown = append(shown, shownMessage(m))
				}
			}
			return shown
		},
		Whispers: func(*testing.T) (shown []bridgetest.Shown) {
			for _, m := range w.fake.Targeted(ann) {
				shown = append(shown, shownMessage(m))
			}
			return shown
		},
		Mentioned: func(*testing.T) (n int) {
			for _, m := range w.fake.Messages(w.channel) {
				for _, x := range m.Mentions {
					if x.ID == ann {
						n++
					}
				}
			}
			return n
		},
		Say: func(t *testing.T, thread, text string) string {
			t.Helper()
			id, err := person.Reply(w.channel, thread, text)
			must(t, err)
			return id
		},
		Edit:   func(t *testing.T, message, text string) { t.Helper(); must(t, person.Edit(w.channel, message, text)) },
		Delete: func(t *testing.T, message string) { t.Helper(); must(t, person.Delete(w.channel, message)) },
		Vanish: func(t *testing.T, root string) { t.Helper(); must(t, w.fake.Admin.Forget(w.channel, root)) },
		Close:  func(t *testing.T) { t.Helper(); must(t, w.fake.Admin.Uninstall(w.ctx(), w.team)) },
		Fail: func(_ *testing.T, name string, kind bridge.PostKind) {
			f := teamsfake.Fault{Method: "activities.send", Times: 1, Kind: teamsfake.FaultDrop, After: name == bridgetest.FailLostAfter}
			if kind == bridge.PostRoot {
				f.Method = "conversations.create"
			}
			if name == bridgetest.FailThrottled {
				f.Kind, f.Retry = teamsfake.FaultRateLimit, 7
			}
			w.fake.Inject(f)
		},
		Offline: func(t *testing.T, f func()) {
			t.Helper()
			id := w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultLose})
			f()
			w.fake.ClearFaults(id)
			fills := w.desk.Fills()
			w.surface.CatchUp(time.Now().Add(-time.Minute))
			w.desk.Connected(t, fills+1)
		},
	}
}

// shownMessage is a message as people see it: a customer's name stands in bold above a text.
func shownMessage(m *teamsfake.Message) bridgetest.Shown {
	shown := bridgetest.Shown{ID: m.ID, Text: m.Text, Marks: len(m.Reactions)}
	if name, text, ok := strings.Cut(m.Text, "\n"); ok && m.Bot && strings.HasPrefix(m.HTML, "<strong>") {
		shown.Author, shown.Text = name, text
	}
	for _, raw := range m.Cards {
		shown.Text += cardText(raw)
		shown.Buttons += strings.Count(string(raw), `"type":"Action.Execute"`)
	}
	if _, list, ok := strings.Cut(m.Text, "📎 "); ok && m.Bot {
		first, _, _ := strings.Cut(list, "\n")
		shown.Files = strings.Split(first, ", ")
	}
	return shown
}

// cardText is what can be read on a card.
func cardText(raw json.RawMessage) string {
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			if text, ok := x["text"].(string); ok {
				b.WriteString(text)
			}
			for _, key := range []string{"body", "items", "inlines", "columns"} {
				walk(x[key])
			}
		case []any:
			for _, e := range x {
				walk(e)
			}
		}
	}
	var card any
	if json.Unmarshal(raw, &card) == nil {
		walk(card)
	}
	return b.String()
}
