package slack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// If a menu has more than a hundred entries, Slack asks for them while somebody types into it.

// newWorldWithAgents connects a surface whose desk knows so many agents besides Ann and Ben. They are named Agent
// 000, Agent 001 and so on.
func newWorldWithAgents(t *testing.T, number int) *world {
	t.Helper()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	for i := range number {
		w.desk.people = append(w.desk.people, bridge.AgentRef{
			ID:   bridge.AgentID(10 + i),
			Name: fmt.Sprintf("Agent %03d", i),
			User: bridge.SurfaceUser(fmt.Sprintf("U%03d", i)),
		})
	}
	return w
}

// openLongMenu opens the form to assign, which must have one long menu. It returns the id of that menu's field.
func (w *world) openLongMenu() (form *slackfake.View, field string) {
	w.t.Helper()
	w.press(w.postRoot(), "Assign")
	form = w.waitForWindow(w.ann, isForm)
	for _, b := range readBlocks(w.t, form.Blocks) {
		if strings.HasSuffix(b.Element.Type, "external_select") {
			field = b.ID
		}
	}
	if field == "" {
		w.t.Fatalf("there is no long menu in %s", form.Blocks)
	}
	return form, field
}

// typeIntoMenu returns the values of the entries that Ann is offered when she has typed some letters.
func (w *world) typeIntoMenu(form *slackfake.View, field, letters string) []string {
	w.t.Helper()
	values, err := w.fake.As(w.ann).Suggest(w.ctx(), slackfake.Target{View: form.ID}, field+"/v", letters)
	noError(w.t, err)
	return values
}

func TestLongMenuOffersWhatFits(t *testing.T) {
	t.Parallel()
	w := newWorldWithAgents(t, 150)
	form, field := w.openLongMenu()
	for _, tt := range []struct {
		typed string
		want  int // entries
	}{
		{typed: "agent 14", want: 10}, // 140 to 149
		{typed: "nobody of that name", want: 0},
	} {
		t.Run(tt.typed, func(t *testing.T) {
			if got := w.in(t).typeIntoMenu(form, field, tt.typed); len(got) != tt.want {
				t.Errorf("got %d entries, want %d: %v", len(got), tt.want, got)
			}
		})
	}
}

func TestEntryOfALongMenuIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorldWithAgents(t, 150)
	form, field := w.openLongMenu()
	offered := w.typeIntoMenu(form, field, "agent 14")
	if len(offered) == 0 {
		t.Fatal("no entries are offered")
	}

	out, err := w.fake.As(w.ann).Submit(w.ctx(), form.ID, map[string][]string{field + "/v": {offered[0]}})
	mustAccept(t, "the form", out, err)
	wantEqual(t, "errors of fields", len(out.Errors), 0)

	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	if want := []string{offered[0]}; !slices.Equal(a.Args.Agents, want) {
		t.Errorf("assigned to %q, want %q", a.Args.Agents, want)
	}
}

// If 200 long options fit to what was typed, only as many are offered as an answer may hold.
func TestLongMenuIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.letAnnSee()
	for i := range 200 {
		w.desk.people = append(w.desk.people, bridge.AgentRef{
			ID:   bridge.AgentID(10 + i),
			Name: fmt.Sprintf("%03d%s", i, strings.Repeat("l", 72)),
			User: bridge.SurfaceUser(fmt.Sprintf("%03d%s", i, strings.Repeat("V", 140))),
		})
	}

	windows := w.surface.intake.responder.windows
	form, zone, err := windows.newFormMaker().Form(w.ctx(), bridge.VerbAssign, bridge.Args{}, samples().Root, bridge.SurfaceUser(w.ann), "")
	noError(t, err)
	memory := blockkit.Remember(samples().Root, zone, form, when())
	answer, err := windows.suggestOptions(w.ctx(), &interaction{
		User:    userRef{ID: bridge.SurfaceUser(w.ann)},
		BlockID: blockkit.FieldID(form.Fields[0].Name),
		Value:   "l", // which is in every name
		View:    &blockkit.View{Private: w.self().Home.Form(form, memory).PrivateMetadata},
	})
	noError(t, err)

	if n := len(mustMarshal(t, answer)); n >= maxAnswerBytes {
		t.Errorf("got an answer of %d bytes, want less than %d", n, maxAnswerBytes)
	}
	if n := len(answer.Options); n < 30 || n >= 100 {
		t.Errorf("got %d options, want 30 to 99", n)
	}
}
