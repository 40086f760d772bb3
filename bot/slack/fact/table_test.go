package fact

import (
	"slices"
	"testing"

	"parley/bridge"
)

// A table that is pasted into Slack's editor becomes an attachment; text and blocks of the message don't have it.
// What Slack, apps and other messages put into attachments was not typed, and never leaves.
func TestPastedTable(t *testing.T) {
	t.Parallel()
	rich := func(s string) string {
		return `{"type":"rich_text","block_id":"x","elements":[{"type":"rich_text_section","elements":[` + s + `]}]}`
	}
	said := rich(`{"type":"text","text":"Our prices:"}`)
	table := `{"type":"table","block_id":"4Xsx","rows":[[` + rich(`{"type":"text","text":"Lamp","style":{"bold":true}}`) + `,{"type":"raw_text","text":"EUR | net"}],
		[` + rich(`{"type":"text","text":"Desk"}`) + `,{"type":"raw_number","value":19.5,"text":"19.50"}],[` + rich(``) + `]]}`
	pasted := `{"id":1,"blocks":[` + table + `],"fallback":"[no preview available]"}`
	const want = "| Lamp | EUR \\| net |\n| - | - |\n| Desk | 19\\.50 |\n|  |  |"
	ann := `"user":"UANN","team":"T1",`
	for name, c := range map[string]struct{ more, text, want string }{
		"below a text":   {`"blocks":[` + said + `],"attachments":[` + pasted + `],`, "Our prices:", "Our prices:\n\n" + want},
		"alone":          {`"attachments":[` + pasted + `],`, "", want},
		"among blocks":   {`"blocks":[` + said + `,` + table + `],`, "Our prices:", "Our prices:\n\n" + want},
		"of an app":      {`"attachments":[{"id":1,"from_url":"https://x.test","bot_id":"B2","blocks":[` + table + `]}],`, "see", "see"},
		"of a message":   {`"attachments":[{"id":1,"is_share":true,"author_id":"U2","blocks":[` + table + `]}],`, "see", "see"},
		"of a link":      {`"attachments":[{"id":1,"original_url":"https://x.test","blocks":[` + table + `]}],`, "see", "see"},
		"not a table":    {`"attachments":[{"id":"x","blocks":{}},{"blocks":[{"type":"divider"},{"type":"table","rows":7}]}],`, "see", "see"},
		"no attachments": {`"attachments":{},`, "see", "see"},
	} {
		_, as := actionsOf(t, msg(c.more+ann, c.text))
		if len(as) != 1 || as[0].Verb != bridge.VerbSay || as[0].Text != c.want {
			t.Errorf("%s: got %+v\nwant %q", name, as, c.want)
		}
	}
	_, as := actionsOf(t, msg(ann+`"attachments":[{"id":1,"is_share":true,"channel_id":"C1","ts":"5.1","text":"x"},{"id":2,"is_share":true,"channel_id":"C2","ts":"5.2"},{"id":3,"ts":7}],`, "no"))
	if len(as) != 1 || !slices.Equal(as[0].Quotes, []string{"5.1"}) || !as[0].Forwards {
		t.Errorf("messages of the channel and of another one that were passed on: %+v", as)
	}
	_, as = actionsOf(t, msg(ann+`"attachments":[{"id":1,"is_share":true,"channel_id":"C1","ts":"5.1","text":"x"},{"id":2,"channel_id":"C2","ts":"5.2"},{"id":3,"ts":7}],`, "no"))
	if len(as) != 1 || as[0].Forwards {
		t.Errorf("a message of the channel that was passed on: %+v", as)
	}
	item := func(s string) string {
		return `{"type":"rich_text_section","elements":[{"type":"text","text":"` + s + `"}]}`
	}
	list := `{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[` + item("red") + `,` + item("blue") + `]}]}`
	_, as = actionsOf(t, msg(`"attachments":[{"id":1,"blocks":[{"type":"table","rows":[[`+list+`]]}]}],`+ann, ""))
	if len(as) != 1 || as[0].Text != "| red blue |\n| - |" {
		t.Errorf("a list in a cell: %+v", as)
	}
	_, as = actionsOf(t, msg(`"attachments":[{"id":1,"blocks":[{"type":"table","rows":[[`+rich(`{"type":"user","user_id":"UBEN"}`)+`]]}]}],`+ann, "look"))
	if len(as) != 1 || !slices.Equal(as[0].Mentions, []string{"UBEN"}) {
		t.Errorf("a colleague in a cell: %+v", as)
	}
}
