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

// Teams passes the suite of all surfaces if its messages may be read.
func TestExercise(t *testing.T) {
	t.Parallel()
	exercise(t, exerciseOptions{canRead: true})
}

// Without Graph, messages can't be read. Teams passes the part of the suite that doesn't need that.
func TestExerciseWithoutGraph(t *testing.T) {
	t.Parallel()
	exercise(t, exerciseOptions{})
}

type exerciseOptions struct {
	canRead bool                               // Graph shows messages
	change  func(*Options, *teamsfake.Options) // may be nil
}

func exercise(t *testing.T, o exerciseOptions) {
	t.Helper()
	bridgetest.ExerciseSurface(t, bridgetest.Harness{New: func(t *testing.T) bridgetest.Stage { return newExerciseStage(t, o) }})
}

// newExerciseStage connects a surface to an organisation of its own, for the suite.
func newExerciseStage(t *testing.T, o exerciseOptions) bridgetest.Stage {
	var changes []func(*Options, *teamsfake.Options)
	if o.change != nil {
		changes = append(changes, o.change)
	}
	w := newWorld(t, changes...)
	w.desk.Open(w.channel)
	w.connect().run()
	if !o.canRead {
		w.failGraph("graph.*", http.StatusForbidden)
	}
	w.desk.Connected(t, 1)

	person := w.fake.As(ann)
	return bridgetest.Stage{
		Surface:      w.surface,
		Desk:         w.desk.Desk,
		Channel:      w.channel,
		Agent:        ann,
		Other:        ben,
		FindsDeleted: true,
		Blind:        !o.canRead,
		Mention:      func(user string) string { return "<@" + user + ">" },
		Shown: func(_ *testing.T, root string) []bridgetest.Shown {
			return shownMessages(w.fake.Thread(w.channel, root))
		},
		Whispers: func(*testing.T) []bridgetest.Shown {
			return shownMessages(w.fake.Targeted(ann))
		},
		Mentioned: func(*testing.T) int { return countMentions(w.fake.Messages(w.channel), ann) },
		Say: func(t *testing.T, thread, text string) string {
			t.Helper()
			id, err := person.Reply(w.channel, thread, text)
			noError(t, err)
			return id
		},
		Edit: func(t *testing.T, message, text string) {
			t.Helper()
			noError(t, person.Edit(w.channel, message, text))
		},
		Delete: func(t *testing.T, message string) { t.Helper(); noError(t, person.Delete(w.channel, message)) },
		Vanish: func(t *testing.T, root string) { t.Helper(); noError(t, w.fake.Admin.Forget(w.channel, root)) },
		Close:  func(t *testing.T) { t.Helper(); noError(t, w.fake.Admin.Uninstall(w.ctx(), w.team)) },
		Fail:   func(_ *testing.T, name string, kind bridge.PostKind) { w.fake.Inject(postFault(name, kind)) },
		Offline: func(t *testing.T, happen func()) {
			t.Helper()
			id := w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultLose})
			happen()
			w.fake.ClearFaults(id)
			fills := w.desk.Fills()
			w.surface.CatchUp(time.Now().Add(-time.Minute))
			w.desk.Connected(t, fills+1)
		},
	}
}

// shownMessages returns messages as people see them, without deleted ones.
func shownMessages(messages []*teamsfake.Message) (shown []bridgetest.Shown) {
	for _, m := range messages {
		if !m.Deleted() {
			shown = append(shown, shownMessage(m))
		}
	}
	return shown
}

// countMentions counts how often these messages mention a person.
func countMentions(messages []*teamsfake.Message, who string) (n int) {
	for _, m := range messages {
		for _, mention := range m.Mentions {
			if mention.ID == who {
				n++
			}
		}
	}
	return n
}

// postFault returns the fault that the suite asks for by name. It strikes the next post of this kind.
func postFault(name string, kind bridge.PostKind) teamsfake.Fault {
	f := teamsfake.Fault{Method: "activities.send", Times: 1}
	if kind == bridge.PostRoot {
		f.Method = "conversations.create"
	}
	switch name {
	case bridgetest.FailThrottled:
		f.Kind, f.Retry = teamsfake.FaultRateLimit, 7
	case bridgetest.FailLostAfter:
		f.Kind, f.After = teamsfake.FaultDrop, true
	default:
		f.Kind = teamsfake.FaultDrop
	}
	return f
}

// shownMessage returns a message as people see it: a customer's name is in bold above the text, and files are listed
// after a paper clip.
func shownMessage(m *teamsfake.Message) bridgetest.Shown {
	shown := bridgetest.Shown{ID: m.ID, Text: m.Text, Marks: len(m.Reactions)}
	hasName := m.Bot && strings.HasPrefix(m.HTML, "<strong>")
	if name, text, ok := strings.Cut(m.Text, "\n"); ok && hasName {
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

// cardText returns the text on a card.
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
