package blockkit

import (
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/golden"
)

// shown is the golden form of a card.
type shown struct {
	Name     string    `json:"name,omitempty"`
	Messages []oneShow `json:"messages"`
}

type oneShow struct {
	Text   string           `json:"text"`
	Blocks []slackapi.Block `json:"blocks"`
}

func show(home Home, c view.Card) shown {
	out := shown{Name: DisplayName(c.Name)}
	for _, r := range home.Messages(c, "s") {
		out.Messages = append(out.Messages, oneShow{Text: r.Text, Blocks: r.Blocks})
	}
	return out
}

func TestRenderCards(t *testing.T) {
	t.Parallel()
	home := Home("https://acme.slack.com/")
	for name, c := range samples().Cards() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden.JSON(t, "testdata/card_"+name+".json", show(home, c))
		})
	}
}

func TestRenderForms(t *testing.T) {
	t.Parallel()
	home := Home("https://acme.slack.com/")
	at := bridge.Place{Channel: "C1", Thread: "1700000001.000100"}
	forms, err := samples().Forms()
	must(t, err)
	for name, form := range forms {
		golden.JSON(t, "testdata/form_"+name+".json", home.Form(form, view.Memory{Place: at, Zone: "UTC", At: when().Unix()}))
	}
	pick, err := samples().Pick()
	must(t, err)
	golden.JSON(t, "testdata/form_pick.json", home.Form(pick, view.Memory{Place: at, Pick: true, Text: "typed"}))
	golden.JSON(t, "testdata/window_details.json", home.Window(view.Details(samples().Facts()), at))
	golden.JSON(t, "testdata/window_problem.json", home.Problem(bridge.ErrNoConversation, at))
}

// Nothing that comes from outside can mention, link, format or end a token.
func TestLiteral(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<!channel> <@U1>":       "&lt;!channel&gt; &lt;@U1&gt;",
		"a & b":                  "a &amp; b",
		"*b*":                    joiner + "*" + joiner + "b" + joiner + "*" + joiner,
		":fire: 10:30":           ":" + joiner + "fire: 10:30",
		"> q":                    joiner + "&gt; q",
		"a\nb\u202ec":            "a bc",
		"snake_case":             "snake" + joiner + "_" + joiner + "case",
		"\u2068נועה\u2069 · #12": "\u2068נועה\u2069 · #12",
	} {
		if got := literalLine(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := makeLink("javascript:alert(1)", "x"); got != "x" {
		t.Errorf("script link %q", got)
	}
	if got := makeLink("https://x.test/a|b>c", "y|z>"); got != "<https://x.test/a%7Cb%3Ec|y¦z&gt;>" {
		t.Errorf("link %q", got)
	}
	if got := Home("").renderPiece(view.Piece{Kind: view.PieceMention, Agent: bridge.AgentRef{User: "U1> <!channel", Name: "x"}}); got != "x" {
		t.Errorf("mention %q", got)
	}
}

// Where many get replies, the line ends behind a whole address and says that there are others; who gets none any more stays shown.
func TestLineOfManyRecipients(t *testing.T) {
	t.Parallel()
	content := &bridge.RecipientsLine{Without: []bridge.PartyRef{{Name: "Lee", Address: "lee@shop.example"}}}
	for range 40 {
		content.To += "accounting.department@shop.example, "
	}
	content.To += "mia@shop.example"
	got := Home("").Messages(view.Line(bridge.Line{Content: content}, samples().Facts()), "s")[0].Text
	for _, want := range []string{"department@shop.example and others.", "No longer among them: Lee &lt;lee@shop.example&gt;."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q isn't in %q", want, got)
		}
	}
}

// A word that is too long for a line is cut, and this can be seen.
func TestCutPiece(t *testing.T) {
	t.Parallel()
	var r renderer
	if got := r.renderPieces([]view.Piece{{Text: strings.Repeat("x", 600)}, {Text: " end"}}); !strings.HasSuffix(got, "x… end") {
		t.Errorf("%q", got)
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Eve (customer)":                                  "Eve (customer)",
		"Ann\u200b\u202e Lee\n(customer)":                 "Ann Lee (customer)",
		strings.Repeat("x", 200) + " (customer)":          strings.Repeat("x", 68) + "… (customer)",
		strings.Repeat("(", 200) + strings.Repeat("y", 9): strings.Repeat("(", 68) + "… (yyyyyyyyy",
	} {
		if got := DisplayName(in); got != want || len([]rune(got)) > 80 {
			t.Errorf("%q: %q", in, got)
		}
	}
}
