package fact

import (
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

// A table that is pasted into Slack's editor becomes an attachment. Text and blocks of the message don't have it.
// What Slack, apps and other messages put into attachments was not typed, and never leaves.
func TestPastedTable(t *testing.T) {
	t.Parallel()
	prices := richCell(`{"type":"text","text":"Our prices:"}`)
	table := `{"type":"table","block_id":"4Xsx","rows":[
		[` + richCell(`{"type":"text","text":"Lamp","style":{"bold":true}}`) + `,{"type":"raw_text","text":"EUR | net"}],
		[` + richCell(`{"type":"text","text":"Desk"}`) + `,{"type":"raw_number","value":19.5,"text":"19.50"}],
		[` + richCell(``) + `]]}`
	pasted := `{"id":1,"blocks":[` + table + `],"fallback":"[no preview available]"}`
	const asMarkdown = "| Lamp | EUR \\| net |\n| - | - |\n| Desk | 19\\.50 |\n|  |  |"
	for name, tt := range map[string]struct{ fields, text, want string }{
		"below a text":   {fields: `"blocks":[` + prices + `],"attachments":[` + pasted + `],`, text: "Our prices:", want: "Our prices:\n\n" + asMarkdown},
		"alone":          {fields: `"attachments":[` + pasted + `],`, want: asMarkdown},
		"among blocks":   {fields: `"blocks":[` + prices + `,` + table + `],`, text: "Our prices:", want: "Our prices:\n\n" + asMarkdown},
		"of an app":      {fields: `"attachments":[{"id":1,"from_url":"https://x.test","bot_id":"B2","blocks":[` + table + `]}],`, text: "see", want: "see"},
		"of a message":   {fields: `"attachments":[{"id":1,"is_share":true,"author_id":"U2","blocks":[` + table + `]}],`, text: "see", want: "see"},
		"of a link":      {fields: `"attachments":[{"id":1,"original_url":"https://x.test","blocks":[` + table + `]}],`, text: "see", want: "see"},
		"not a table":    {fields: `"attachments":[{"id":"x","blocks":{}},{"blocks":[{"type":"divider"},{"type":"table","rows":7}]}],`, text: "see", want: "see"},
		"no attachments": {fields: `"attachments":{},`, text: "see", want: "see"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, a := oneAction(t, msg(tt.fields+annsMessage, tt.text))
			wantEqual(t, "verb", a.Verb, bridge.VerbSay)
			wantEqual(t, "text", a.Text, tt.want)
		})
	}
}

func TestListInACell(t *testing.T) {
	t.Parallel()
	item := func(s string) string {
		return `{"type":"rich_text_section","elements":[{"type":"text","text":"` + s + `"}]}`
	}
	list := `{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[` + item("red") + `,` + item("blue") + `]}]}`
	_, a := oneAction(t, msg(tableWith(list)+annsMessage, ""))
	wantEqual(t, "text", a.Text, "| red blue |\n| - |")
}

func TestMentionInACell(t *testing.T) {
	t.Parallel()
	_, a := oneAction(t, msg(tableWith(richCell(`{"type":"user","user_id":"UBEN"}`))+annsMessage, "look"))
	wantEqual(t, "mentions", strings.Join(a.Mentions, " "), "UBEN")
}

// Of messages that are passed on, those of the same channel are quotes. One of another channel is forwarded.
func TestForwardedMessages(t *testing.T) {
	t.Parallel()
	const quote, unknown = `{"id":1,"is_share":true,"channel_id":"C1","ts":"5.1","text":"x"}`, `{"id":3,"ts":7}`
	_, a := oneAction(t, msg(annsMessage+`"attachments":[`+quote+`,{"id":2,"is_share":true,"channel_id":"C2","ts":"5.2"},`+unknown+`],`, "no"))
	wantEqual(t, "quotes", strings.Join(a.Quotes, " "), "5.1")
	wantEqual(t, "forwards a message of another channel", a.Forwards, true)
	_, a = oneAction(t, msg(annsMessage+`"attachments":[`+quote+`,{"id":2,"channel_id":"C2","ts":"5.2"},`+unknown+`],`, "no"))
	wantEqual(t, "forwards without a message of another channel", a.Forwards, false)
}
