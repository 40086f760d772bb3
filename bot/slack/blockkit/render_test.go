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

// The form that asks which conversation is meant remembers what was typed.
func TestRenderPick(t *testing.T) {
	t.Parallel()
	pick, err := samples().Pick()
	noError(t, err)
	at := bridge.Place{Channel: "C1", Thread: "1700000001.000100"}
	form := Home("https://acme.slack.com/").Form(pick, view.Memory{Place: at, Pick: true, Text: "typed"})
	golden.JSON(t, "testdata/form_pick.json", form)
}

// A text that is too long for its field is cut. The hint says that its end is missing.
func TestTextThatDoesNotFitAField(t *testing.T) {
	t.Parallel()
	field := view.Field{Name: "text", Kind: view.FieldLong, Hint: "A note.", Value: []string{strings.Repeat("x", maxInputRunes+1)}}
	block := inputBlock(field)
	input, _ := block.Element.(*slackapi.PlainTextInputBlockElement)
	if want := strings.Repeat("x", maxInputRunes-1) + "…"; input == nil || input.InitialValue != want {
		t.Errorf("the field doesn't have the first %d characters of the text with an ellipsis at their end", maxInputRunes-1)
	}
	if want := "This was too long for the form: its end is missing. A note."; block.Hint == nil || block.Hint.Text != want {
		t.Errorf("the hint is %+v, want %q", block.Hint, want)
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

// lineOfManyRecipients is a line that says that 41 people get replies, and that Lee gets none any more.
func lineOfManyRecipients() string {
	content := &bridge.RecipientsLine{Without: []bridge.PartyRef{{Name: "Lee", Address: "lee@shop.example"}}}
	content.To = strings.Repeat("accounting.department@shop.example, ", 40) + "mia@shop.example"
	return Home("").Messages(view.Line(bridge.Line{Content: content}, samples().Facts()), "s")[0].Text
}

// If many get replies, the line ends with a whole address and says that there are others.
func TestLineOfManyRecipientsIsCut(t *testing.T) {
	t.Parallel()
	if got, want := lineOfManyRecipients(), "department@shop.example and others."; !strings.Contains(got, want) {
		t.Errorf("want %q in %q", want, got)
	}
}

// Even if many get replies, the line names the one who gets none any more.
func TestLineOfManyRecipientsNamesWhoIsLeftOut(t *testing.T) {
	t.Parallel()
	if got, want := lineOfManyRecipients(), "No longer among them: Lee &lt;lee@shop.example&gt;."; !strings.Contains(got, want) {
		t.Errorf("want %q in %q", want, got)
	}
}

// A word that is too long for a line is cut, and this can be seen.
func TestWordThatIsTooLongIsCut(t *testing.T) {
	t.Parallel()
	var r renderer
	got := r.renderPieces([]view.Piece{{Text: strings.Repeat("x", 600)}, {Text: " end"}})
	if want := "x… end"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
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

// A long name is cut before its end, which says that it is a customer's.
func TestDisplayName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		sender string
		want   string
	}{
		{name: "short", sender: "Eve (customer)", want: "Eve (customer)"},
		{
			name:   "with joiners that belong to its characters",
			sender: "👩\u200d💻 Zoë ❤\ufe0f می\u200cخواهم (customer)",
			want:   "👩\u200d💻 Zoë ❤\ufe0f می\u200cخواهم (customer)",
		},
		{name: "of joiners alone", sender: "\u200d\ufe0f \u200c", want: ""},
		{name: "with characters that nobody sees", sender: "Ann\u200b\u202e Lee\n(customer)", want: "Ann Lee (customer)"},
		{name: "long", sender: strings.Repeat("x", 200) + " (customer)", want: strings.Repeat("x", 68) + "… (customer)"},
		{name: "of brackets", sender: strings.Repeat("(", 200) + strings.Repeat("y", 9), want: strings.Repeat("(", 68) + "… (yyyyyyyyy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := DisplayName(tt.sender)
			if got != tt.want {
				t.Errorf("DisplayName(%q) = %q, want %q", tt.sender, got, tt.want)
			}
			if n := len([]rune(got)); n > shownNameRunes {
				t.Errorf("%q has %d characters, want at most %d", got, n, shownNameRunes)
			}
		})
	}
}
