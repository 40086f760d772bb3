package blockkit

import (
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/golden"
)

// shown is how a card is kept in a golden file.
type shown struct {
	Name     string      `json:"name,omitempty"`
	Messages []shownPart `json:"messages"`
}

type shownPart struct {
	Text   string           `json:"text"`
	Blocks []slackapi.Block `json:"blocks"`
}

func show(home Home, c view.Card) shown {
	out := shown{Name: DisplayName(c.Name)}
	for _, r := range home.Messages(c, "s") {
		out.Messages = append(out.Messages, shownPart{Text: r.Text, Blocks: r.Blocks})
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

// No text that comes from outside can mention somebody, format, or end a token.
func TestLiteral(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<!channel> <@U1>":       "&lt;!channel&gt; &lt;@U1&gt;",
		"a & b":                  "a &amp; b",
		"*b*":                    joiner + "*" + joiner + "b" + joiner + "*" + joiner,
		":fire: 10:30":           ":" + joiner + "fire: 10:30",
		"> q":                    joiner + "&gt; q",
		"a\nb\u202ec":            "a bc",
		"snake_case":             "snake" + joiner + "_" + joiner + "case",
		"\u2068נועה\u2069 · #12": "\u2068נועה\u2069 · #12",
	} {
		if got := literalLine(text); got != want {
			t.Errorf("literalLine(%q) = %q, want %q", text, got, want)
		}
	}
}

// Nor can an address lead to a script, or end the link.
func TestMakeLink(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, words, want string }{
		{url: "javascript:alert(1)", words: "x", want: "x"},
		{url: "https://x.test/a|b>c", words: "y|z>", want: "<https://x.test/a%7Cb%3Ec|y¦z&gt;>"},
	} {
		if got := makeLink(tt.url, tt.words); got != tt.want {
			t.Errorf("makeLink(%q, %q) = %q, want %q", tt.url, tt.words, got, tt.want)
		}
	}
}

// Nor can an id that is none mention others.
func TestMentionOfNobody(t *testing.T) {
	t.Parallel()
	got := Home("").renderPiece(view.Piece{Kind: view.PieceMention, Agent: bridge.AgentRef{User: "U1> <!channel", Name: "x"}})
	if got != "x" {
		t.Errorf("got %q, want the name alone", got)
	}
}

// If many get replies, the line ends with a whole address and says that there are others. Who gets none any more is still named.
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
			t.Errorf("want %q in %q", want, got)
		}
	}
}

// A word that is too long for a line is cut, and this can be seen.
func TestCutPiece(t *testing.T) {
	t.Parallel()
	var r renderer
	got := r.renderPieces([]view.Piece{{Text: strings.Repeat("x", 600)}, {Text: " end"}})
	if want := "x… end"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
}

// Of a long file name the ending stays: without it nobody can open the file.
func TestFileName(t *testing.T) {
	t.Parallel()
	long := "Rechnung_" + strings.Repeat("y", 120)
	for in, want := range map[string]string{
		"plan.pdf":                  "plan.pdf",
		"a\u202e\nfdp.exe":          "a fdp.exe",
		long + ".pdf":               long[:75] + "….pdf",
		long + ".tar.gz":            long[:76] + "….gz",
		long + " (1).pdf":           long[:75] + "….pdf",
		long:                        long[:79] + "…",
		long + ". See the order no": long[:79] + "…",
		"v1." + long:                "v1." + long[:76] + "…",
	} {
		got := FileName(in)
		if got != want {
			t.Errorf("FileName(%q) = %q, want %q", in, got, want)
		}
		if n := len([]rune(got)); n > 80 {
			t.Errorf("%q has %d characters, want at most 80", got, n)
		}
	}
}

// Slack shows 80 characters of a name. Of a longer one the end says that it is a customer.
func TestDisplayName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Eve (customer)": "Eve (customer)",
		"👩\u200d💻 Zoë ❤\ufe0f می\u200cخواهم (customer)": "👩\u200d💻 Zoë ❤\ufe0f می\u200cخواهم (customer)",
		"\u200d\ufe0f \u200c":                             "",
		"Ann\u200b\u202e Lee\n(customer)":                 "Ann Lee (customer)",
		strings.Repeat("x", 200) + " (customer)":          strings.Repeat("x", 68) + "… (customer)",
		strings.Repeat("(", 200) + strings.Repeat("y", 9): strings.Repeat("(", 68) + "… (yyyyyyyyy",
	} {
		if got := DisplayName(in); got != want {
			t.Errorf("DisplayName(%q) = %q, want %q", in, got, want)
		}
		if n := len([]rune(want)); n > 80 {
			t.Errorf("%q has %d characters, want at most 80", want, n)
		}
	}
}
