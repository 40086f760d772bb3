package card

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bot/view"
	"parley/bot/view/viewtest"
	"parley/bridge"
	"parley/channels/golden"
)

// The organisation, the people and the conversation of the tests.
const (
	annID   = "a1111111-1111-4111-8111-111111111111"
	benID   = "b2222222-2222-4222-8222-222222222222"
	channel = "19:CH@thread.tacv2"
)

func home() Home {
	return Home{Tenant: "d9d9d9d9-0000-4000-8000-000000000000", Groups: map[string]string{channel: "c0c0c0c0-0000-4000-8000-000000000000"}}
}

func samples() viewtest.Samples {
	return viewtest.Samples{
		Ann: bridge.AgentRef{ID: 1, Name: "Ann Lee", User: annID}, Ben: bridge.AgentRef{ID: 2, Name: "Ben & Co", User: benID, Email: "ben@acme.test"},
		Root:  bridge.Place{Channel: channel, Thread: "1700000001000", Message: "1700000001000"},
		Other: bridge.Place{Channel: channel, Thread: "1700000002000", Message: "1700000002000"},

		EmojiOnPostsOnly: true,
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. The argument what names it.
func wantEqual[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

func wantList(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// shown is the form in which a golden file keeps a card: as cards, and also as text if it has no buttons.
type shown struct {
	Cards []shownCard `json:"cards"`
	Texts []Message   `json:"texts,omitempty"`
}

type shownCard struct {
	Summary string          `json:"summary"`
	Card    json.RawMessage `json:"card"`
}

func show(c view.Card) shown {
	var out shown
	for _, p := range Render(c, home(), "n") {
		out.Cards = append(out.Cards, shownCard{Summary: p.Summary, Card: p.Card})
	}
	if !HasButtons(c) {
		out.Texts = Messages(c, "email", home())
	}
	return out
}

func TestCards(t *testing.T) {
	t.Parallel()
	for name, c := range samples().Cards() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range Render(c, home(), "n") {
				checkMessageCard(t, p.Card)
			}
			for _, m := range Messages(c, "email", home()) {
				checkMarkup(t, m.Text)
			}
			golden.JSON(t, "testdata/card_"+name+".json", show(c))
		})
	}
}

func memory() Memory {
	return Remember(bridge.Place{Channel: channel, Thread: "1700000001000"}, nil, viewtest.When(), "nonce")
}

func TestForms(t *testing.T) {
	t.Parallel()
	forms, err := samples().Forms()
	noError(t, err)

	keepDialog := func(name string, d Dialog) {
		t.Helper()
		checkDialogCard(t, d.Card)
		golden.JSON(t, "testdata/"+name+".json", d)
	}
	for name, f := range forms {
		keepDialog("form_"+name, Form(f, memory(), home()))
	}

	pick, err := samples().Pick()
	noError(t, err)
	m := memory()
	m.Pick, m.Text = true, "typed"
	keepDialog("form_pick", Form(pick, m, home()))

	wrong := Submitted{Memory: memory(), Values: map[string][]string{
		"until": {forms["snooze"].Fields[0].Options[2].Value},
		"other": {"a <b> moment"},
	}}
	problems := map[string]string{"other": "I can't read this time.", "": "Something else."}
	keepDialog("form_snooze_wrong", RedrawForm(forms["snooze"], wrong, problems, home()))

	keepDialog("window_details", Window(view.Details(samples().Facts()), m.Place, home(), "n"))
	keepDialog("window_problem", Window(view.Problem(bridge.ErrNoConversation, "We come on *Monday*."), m.Place, home(), ""))
}
