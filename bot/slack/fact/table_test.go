package fact

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// richCell is a table's cell with these elements.
func richCell(elements string) string {
	return `{"type":"rich_text","block_id":"x","elements":[{"type":"rich_text_section","elements":[` + elements + `]}]}`
}

// tableWith is an attachment with a table of one cell.
func tableWith(cell string) string {
	return `"attachments":[{"id":1,"blocks":[{"type":"table","rows":[[` + cell + `]]}]}],`
}

// priceTable is a block with a table of four rows: a bold head, a number as it is shown, an empty cell in a row that is shorter, and
// one beside a number that comes from a spreadsheet.
func priceTable() string {
	return `{"type":"table","block_id":"4Xsx","rows":[
		[` + richCell(`{"type":"text","text":"Lamp","style":{"bold":true}}`) + `,{"type":"raw_text","text":"EUR | net"}],
		[` + richCell(`{"type":"text","text":"Desk"}`) + `,{"type":"raw_number","value":19.5,"text":"19.50"}],
		[` + richCell(``) + `],
		[null,{"type":"raw_number","value":42.5}]]}`
}

// wantSaid checks that a message of Ann's with these fields and this text is for the customer, and with which words.
func wantSaid(t *testing.T, fields, text, want string) {
	t.Helper()
	_, a := oneAction(t, msg(fields+annsMessage, text))
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, want)
}

// A table that is pasted into Slack's editor becomes an attachment. Text and blocks of the message don't have it.
func TestPastedTable(t *testing.T) {
	t.Parallel()
	const asMarkdown = "| Lamp | EUR \\| net |\n| - | - |\n| Desk | 19\\.50 |\n|  |  |\n|  | 42\\.5 |"
	const belowText = "Our prices:\n\n" + asMarkdown
	prices := richCell(`{"type":"text","text":"Our prices:"}`)
	attachments := `"attachments":[{"id":1,"blocks":[` + priceTable() + `],"fallback":"[no preview available]"}],`
	for _, tt := range []struct{ name, fields, text, want string }{
		{name: "below a text", fields: `"blocks":[` + prices + `],` + attachments, text: "Our prices:", want: belowText},
		{name: "alone", fields: attachments, want: asMarkdown},
		{name: "among blocks", fields: `"blocks":[` + prices + `,` + priceTable() + `],`, text: "Our prices:", want: belowText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantSaid(t, tt.fields, tt.text, tt.want)
		})
	}
}

// What Slack, apps and other messages put into attachments was not typed, and never leaves.
func TestTableThatWasNotTyped(t *testing.T) {
	t.Parallel()
	blocks := `"blocks":[` + priceTable() + `]`
	for _, tt := range []struct{ name, fields string }{
		{name: "of an app", fields: `"attachments":[{"id":1,"from_url":"https://x.test","bot_id":"B2",` + blocks + `}],`},
		{name: "of a message", fields: `"attachments":[{"id":1,"is_share":true,"author_id":"U2",` + blocks + `}],`},
		{name: "of a link", fields: `"attachments":[{"id":1,"original_url":"https://x.test",` + blocks + `}],`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantSaid(t, tt.fields, "see", "see")
		})
	}
}

// Attachments that are of another form than Slack's keep no message from being read.
func TestUnreadableAttachments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, fields string }{
		{name: "no tables", fields: `"attachments":[{"id":"x","blocks":{}},{"blocks":[{"type":"divider"},{"type":"table","rows":7}]}],`},
		{name: "no list", fields: `"attachments":{},`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantSaid(t, tt.fields, "see", "see")
		})
	}
}

// A number is shown as such, in whatever form Slack tells it, and isn't a word if there is none.
func TestNumberInACell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, value, want string }{
		{name: "number", value: `42.5`, want: "|  |\n| - |\n| 42\\.5 |"},
		{name: "words", value: `"42.5"`, want: "|  |\n| - |\n| 42\\.5 |"},
		{name: "none", value: `null`, want: "|  |\n| - |\n|  |"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table := tableWith(`{}],[{"type":"raw_number","value":` + tt.value + `}`)
			wantSaid(t, table, "", tt.want)
		})
	}
}

func TestListInACell(t *testing.T) {
	t.Parallel()
	item := func(s string) string {
		return `{"type":"rich_text_section","elements":[{"type":"text","text":"` + s + `"}]}`
	}
	list := `{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[` +
		item("red") + `,` + item("blue") + `]}]}`
	_, a := oneAction(t, msg(tableWith(list)+annsMessage, ""))
	wantEqual(t, "text", a.Text, "| red blue |\n| - |")
}

func TestMentionInACell(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, msg(tableWith(richCell(`{"type":"user","user_id":"UBEN"}`))+annsMessage, "look"))
	if want := []string{"UBEN"}; !slices.Equal(a.Mentions, want) {
		t.Errorf("got the mentions %q, want %q", a.Mentions, want)
	}
}

// decodeWithAttachments decodes a message of Ann's with these attachments.
func decodeWithAttachments(t *testing.T, attachments ...string) bridge.Action {
	t.Helper()
	_, a := oneAction(t, msg(annsMessage+`"attachments":[`+strings.Join(attachments, ",")+`],`, "no"))
	return a
}

const (
	messageOfSameChannel = `{"id":1,"is_share":true,"channel_id":"C1","ts":"5.1","text":"x"}`
	unreadableAttachment = `{"id":3,"ts":7}`
)

// Of messages that are passed on, those of the same channel are quotes. One of another channel is forwarded.
func TestForwardedMessage(t *testing.T) {
	t.Parallel()
	const messageOfAnotherChannel = `{"id":2,"is_share":true,"channel_id":"C2","ts":"5.2"}`
	a := decodeWithAttachments(t, messageOfSameChannel, messageOfAnotherChannel, unreadableAttachment)
	if want := []string{"5.1"}; !slices.Equal(a.Quotes, want) {
		t.Errorf("got the quotes %q, want %q", a.Quotes, want)
	}
	wantEqual(t, "forwards a message", a.Forwards, true)
}

func TestAttachmentThatIsNoForwardedMessage(t *testing.T) {
	t.Parallel()
	const notShared = `{"id":2,"channel_id":"C2","ts":"5.2"}`
	a := decodeWithAttachments(t, messageOfSameChannel, notShared, unreadableAttachment)
	wantEqual(t, "forwards a message", a.Forwards, false)
}
