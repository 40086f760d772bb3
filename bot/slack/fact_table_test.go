package slack

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// richCell is a cell of a table with these elements.
func richCell(elements string) string {
	return `{"type":"rich_text","block_id":"x","elements":[{"type":"rich_text_section","elements":[` + elements + `]}]}`
}

// priceTable is a block with a table of four rows: a bold head, a number with its shown text, a shorter row with an empty
// cell, and an empty cell beside a number from a spreadsheet.
func priceTable() string {
	return `{"type":"table","block_id":"4Xsx","rows":[
		[` + richCell(`{"type":"text","text":"Lamp","style":{"bold":true}}`) + `,{"type":"raw_text","text":"EUR | net"}],
		[` + richCell(`{"type":"text","text":"Desk"}`) + `,{"type":"raw_number","value":19.5,"text":"19.50"}],
		[` + richCell(``) + `],
		[null,{"type":"raw_number","value":42.5}]]}`
}

// wantSaid checks that a message of Ann's with these fields and this text is for the customer, with the words want.
func wantSaid(t *testing.T, fields, text, want string) {
	t.Helper()
	_, a := oneAction(t, msg(fields+annsMessage, text))
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, want)
}

// Slack's editor makes an attachment of a pasted table. The text and the blocks of the message don't contain it.
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

// A shared message of the same channel is a quote. One of another channel is forwarded.
func TestForwardedMessage(t *testing.T) {
	t.Parallel()
	const messageOfAnotherChannel = `{"id":2,"is_share":true,"channel_id":"C2","ts":"5.2"}`
	a := decodeWithAttachments(t, messageOfSameChannel, messageOfAnotherChannel, unreadableAttachment)
	if want := []string{"5.1"}; !slices.Equal(a.Quotes, want) {
		t.Errorf("got the quotes %q, want %q", a.Quotes, want)
	}
	wantEqual(t, "forwards a message", a.Forwards, true)
}
