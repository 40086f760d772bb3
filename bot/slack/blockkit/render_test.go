package blockkit

import (
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/golden"
)

// goldenCard is how a card is kept in a golden file.
type goldenCard struct {
	Name     string          `json:"name,omitempty"`
	Messages []goldenMessage `json:"messages"`
}

type goldenMessage struct {
	Text   string           `json:"text"`
	Blocks []slackapi.Block `json:"blocks"`
}

func renderCard(home Home, c view.Card) goldenCard {
	out := goldenCard{Name: DisplayName(c.Name)}
	for _, r := range home.Messages(c, "s") {
		out.Messages = append(out.Messages, goldenMessage{Text: r.Text, Blocks: r.Blocks})
	}
	return out
}

// Golden files hold what people see of each card.
func TestRenderCards(t *testing.T) {
	t.Parallel()
	home := Home("https://acme.slack.com/")
	for name, c := range samples().Cards() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden.JSON(t, "testdata/card_"+name+".json", renderCard(home, c))
		})
	}
}

// Golden files hold what people see of each form.
func TestRenderForms(t *testing.T) {
	t.Parallel()
	home := Home("https://acme.slack.com/")
	at := bridge.Place{Channel: "C1", Thread: "1700000001.000100"}
	forms, err := samples().Forms()
	noError(t, err)
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden.JSON(t, "testdata/form_"+name+".json", home.Form(form, view.Memory{Place: at, Zone: "UTC", At: when().Unix()}))
		})
	}
}

func TestRenderWindows(t *testing.T) {
	t.Parallel()
	home := Home("https://acme.slack.com/")
	at := bridge.Place{Channel: "C1", Thread: "1700000001.000100"}
	golden.JSON(t, "testdata/window_details.json", home.Window(view.Details(samples().Facts()), at))
	golden.JSON(t, "testdata/window_problem.json", home.Problem(bridge.ErrNoConversation, at, ""))
}

// A text that comes from outside can't mention somebody, format, or end a token. Characters that could do so are escaped,
// or get a word joiner, which is invisible, on each side.
func TestLiteralLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		text string
		want string
	}{
		{name: "mentions", text: "<!channel> <@U1>", want: "&lt;!channel&gt; &lt;@U1&gt;"},
		{name: "ampersand", text: "a & b", want: "a &amp; b"},
		{name: "bold", text: "*b*", want: joiner + "*" + joiner + "b" + joiner + "*" + joiner},
		{name: "emoji, but not a time", text: ":fire: 10:30", want: ":" + joiner + "fire: 10:30"},
		{name: "quote", text: "> q", want: joiner + "&gt; q"},
		{name: "line break and right-to-left override", text: "a\nb\u202ec", want: "a bc"},
		{name: "italic", text: "snake_case", want: "snake" + joiner + "_" + joiner + "case"},
		{name: "isolated right-to-left text stays", text: "\u2068נועה\u2069 · #12", want: "\u2068נועה\u2069 · #12"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := literalLine(tt.text); got != tt.want {
				t.Errorf("literalLine(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// An address that comes from outside can't lead to a script, or end the link.
func TestMakeLink(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		url   string
		words string
		want  string
	}{
		{name: "script", url: "javascript:alert(1)", words: "x", want: "x"},
		{name: "signs that end a link", url: "https://x.test/a|b>c", words: "y|z>", want: "<https://x.test/a%7Cb%3Ec|y¦z&gt;>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := makeLink(tt.url, tt.words); got != tt.want {
				t.Errorf("makeLink(%q, %q) = %q, want %q", tt.url, tt.words, got, tt.want)
			}
		})
	}
}

// A user id that isn't one of Slack's is not rendered as a mention. The name alone is shown.
func TestMentionOfNobody(t *testing.T) {
	t.Parallel()
	got := Home("").renderPiece(view.Piece{Kind: view.PieceMention, Agent: bridge.AgentRef{User: "U1> <!channel", Name: "x"}})
	if got != "x" {
		t.Errorf("got %q, want the name alone", got)
	}
}

// shownNameRunes is how many characters of a file's or a sender's name Slack shows.
const shownNameRunes = 80

// A long file name is cut before its ending, because people need the ending to open the file.
func TestFileName(t *testing.T) {
	t.Parallel()
	long := "Rechnung_" + strings.Repeat("y", 120)
	for _, tt := range []struct {
		name string
		file string
		want string
	}{
		{name: "short", file: "plan.pdf", want: "plan.pdf"},
		{name: "with characters that nobody sees", file: "a\u202e\nfdp.exe", want: "a fdp.exe"},

		// The ending stays.
		{name: "long", file: long + ".pdf", want: long[:75] + "….pdf"},
		{name: "with two endings", file: long + ".tar.gz", want: long[:76] + "….gz"},
		{name: "a copy", file: long + " (1).pdf", want: long[:75] + "….pdf"},

		// There is no ending.
		{name: "without a dot", file: long, want: long[:79] + "…"},
		{name: "with a sentence behind the dot", file: long + ". See the order no", want: long[:79] + "…"},
		{name: "with a dot at its beginning", file: "v1." + long, want: "v1." + long[:76] + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := FileName(tt.file)
			if got != tt.want {
				t.Errorf("FileName(%q) = %q, want %q", tt.file, got, tt.want)
			}
			if n := len([]rune(got)); n > shownNameRunes {
				t.Errorf("%q has %d characters, want at most %d", got, n, shownNameRunes)
			}
		})
	}
}
