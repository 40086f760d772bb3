package slackfake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
)

// newBlockChecker makes a function that posts a block, and tells what Slack's validator says of it.
func newBlockChecker(t *testing.T) func(block string) string {
	t.Helper()
	w := newWorld(t, slackfake.Options{})
	return func(block string) string {
		body := w.callAsBot("chat.postMessage", "channel", w.ch, "blocks", "["+block+"]")
		faults := faultsOf(body)
		if body["ok"] != true && len(faults) == 0 {
			return fmt.Sprint(body["error"])
		}
		return strings.Join(faults, "; ")
	}
}

// TestAssistantBlocks: the blocks with which assistants answer are taken, and checked like all others.
func TestAssistantBlocks(t *testing.T) {
	t.Parallel()
	checkBlock := newBlockChecker(t)
	const thanks = `{"type":"context_actions","elements":[{"type":"feedback_buttons","action_id":"f",` +
		`"positive_button":{"text":{"type":"plain_text","text":"Good"},"value":"good"},"negative_button":{"text":{"type":"plain_text","text":"Bad"}%s}},` +
		`{"type":"icon_button","icon":"trash","text":{"type":"plain_text","text":"Remove"}}]}`
	const task = `{"type":"task_card","task_id":"1","title":"Look it up"%s}`
	const rich = `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}`
	data := func(rows string) string { return `{"type":"data_table","caption":"Orders","rows":[` + rows + `]}` }
	const row = `[{"type":"raw_text","text":"x"}]`
	for _, r := range []struct{ block, want string }{
		{fmt.Sprintf(thanks, `,"value":"bad"`), ""},
		{fmt.Sprintf(thanks, ``), "must be more than 0 characters [json-pointer:/blocks/0/elements/0/negative_button/value]"},
		{`{"type":"context_actions","elements":[{"type":"button","text":{"type":"plain_text","text":"x"}}]}`, "unsupported type: button [json-pointer:/blocks/0/elements/0/type]"},
		{fmt.Sprintf(task, `,"status":"complete","details":`+rich+`,"sources":[{"type":"url","url":"https://example.org/","text":"x"}]`), ""},
		{fmt.Sprintf(task, ``), "missing required field: status [json-pointer:/blocks/0]"},
		{fmt.Sprintf(task, `,"status":"done"`), "must be a valid enum value [json-pointer:/blocks/0/status]"},
		{fmt.Sprintf(task, `,"status":"error","output":{"type":"divider"}`), "unsupported type: divider [json-pointer:/blocks/0/output/type]"},
		{`{"type":"plan","title":"x","tasks":[` + fmt.Sprintf(task, `,"status":"pending"`) + `]}`, ""},
		{`{"type":"plan","title":"x","tasks":[{"type":"divider"}]}`, "unsupported type: divider [json-pointer:/blocks/0/tasks/0/type]"},
		{data(row + "," + row), ""},
		{data(row), "must provide at least 2 items [json-pointer:/blocks/0/rows]"},
		{data("[" + rich + "]," + row), "unsupported type: rich_text [json-pointer:/blocks/0/rows/0/0/type]"},
		{data(row + `,[{"type":"raw_text","text":"x"},{"type":"raw_text","text":"y"}]`), "must have as many cells as the first row [json-pointer:/blocks/0/rows/1]"},
		{`{"type":"file","source":"remote","external_id":"x"}`, "unsupported type: file [json-pointer:/blocks/0/type]"}, // it comes with remote files alone
	} {
		if got := checkBlock(r.block); got != r.want {
			t.Errorf("%s\n got %s\nwant %s", r.block, got, r.want)
		}
	}
}

// TestFeedbackButtons: the app hears which of the two was pressed.
func TestFeedbackButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	body := w.callAsBot("chat.postMessage", "channel", w.ch, "text", "x", "blocks", `[{"type":"context_actions","block_id":"b","elements":[`+
		`{"type":"feedback_buttons","action_id":"f","positive_button":{"text":{"type":"plain_text","text":"Good"},"value":"good"},`+
		`"negative_button":{"text":{"type":"plain_text","text":"Bad"},"value":"bad"}}]}]`)
	ts, ok := body["ts"].(string)
	if !ok {
		t.Fatalf("posting: got %v, want the time stamp of a message", body)
	}
	if _, err := w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: ts}, "f", "unsure"); err == nil {
		t.Error("a button that isn't there was pressed")
	}
	must(w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: ts}, "f", "bad"))(t)
	pressed := a.waitInteraction().ActionCallback.BlockActions
	if len(pressed) != 1 {
		t.Fatalf("got %d actions, want 1: %+v", len(pressed), pressed)
	}
	wantEqual(t, "value", pressed[0].Value, "bad")
	wantEqual(t, "block", pressed[0].BlockID, "b")
	wantEqual(t, "type", string(pressed[0].Type), "feedback_buttons")
}

// TestBlockRules: what Slack doesn't know in a block is refused, in the words of its validator, and what it knows is taken.
func TestBlockRules(t *testing.T) {
	t.Parallel()
	checkBlock := newBlockChecker(t)
	const button = `{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}%s}]}`
	rich := func(parts string) string { return `{"type":"rich_text","elements":[` + parts + `]}` }
	section := func(parts string) string { return rich(`{"type":"rich_text_section","elements":[` + parts + `]}`) }
	list := func(more string) string {
		return rich(`{"type":"rich_text_list"` + more + `,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}`)
	}
	table := func(cell string) string { return `{"type":"table","rows":[[` + cell + `]]}` }
	for _, r := range []struct{ block, want string }{
		{`{"type":"section","text":{"type":"mrkdwn","text":"x"},"foo":1,"expand":true}`, "invalid additional property: foo [json-pointer:/blocks/0]"},
		{`{"type":"divider","text":"x"}`, "invalid additional property: text [json-pointer:/blocks/0]"},
		{`{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}`, "invalid additional property: emoji [json-pointer:/blocks/0/text]"},
		{`{"type":"section","text":{"type":"plain_text","text":"x","verbatim":true}}`, "invalid additional property: verbatim [json-pointer:/blocks/0/text]"},
		{fmt.Sprintf(button, `,"colour":"red"`), "invalid additional property: colour [json-pointer:/blocks/0/elements/0]"},
		{fmt.Sprintf(button, `,"style":"danger","value":"v","url":"https://example.org/a?b=c","confirm":{"title":{"type":"plain_text","text":"x"},"text":{"type":"mrkdwn","text":"x"},"style":"danger"}`), ""},
		{fmt.Sprintf(button, `,"url":"nourl"`), "invalid url [json-pointer:/blocks/0/elements/0/url]"},
		{fmt.Sprintf(button, `,"url":"mailto:eve@example.org"`), ""},
		{`{"type":"image","alt_text":"x","image_url":"notaurl"}`, "invalid url [json-pointer:/blocks/0/image_url]"},
		{`{"type":"image","alt_text":"x","image_url":"https://example.org/x.png","title":{"type":"plain_text","text":"x"}}`, ""},
		{`{"type":"context","elements":[{"type":"image","alt_text":"x","image_url":"https://example.org/x.png","size":1}]}`, "invalid additional property: size [json-pointer:/blocks/0/elements/0]"},
		{`{"type":"context","elements":[{"type":"mrkdwn","text":""}]}`, "must be more than 0 characters [json-pointer:/blocks/0/elements/0/text]"},
		{`{"type":"header","text":"x"}`, "must provide an object [json-pointer:/blocks/0/text]"},
		{`{"type":"header"}`, "missing required field: text [json-pointer:/blocks/0]"},
		{list(`,"style":"bullet","indent":1,"offset":2,"border":0`), ""},
		{list(`,"style":"weird"`), "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"},
		{list(``), "missing required field: style [json-pointer:/blocks/0/elements/0]"},
		{list(`,"style":"ordered","start":3`), "invalid additional property: start [json-pointer:/blocks/0/elements/0]"},
		{section(`{"type":"text","text":"x","style":{"bold":true,"underline":true}},{"type":"emoji","name":"wave","unicode":"1f44b"},{"type":"date","timestamp":1,"format":"{date}","fallback":"x"}`), ""},
		{section(`{"type":"text","text":"x","style":{"blink":true}}`), "invalid additional property: blink [json-pointer:/blocks/0/elements/0/elements/0/style]"},
		{section(`{"type":"text","text":"x","style":"bold"}`), "must provide an object [json-pointer:/blocks/0/elements/0/elements/0/style]"},
		{section(`{"type":"user","user_id":"U1","name":"x"}`), "invalid additional property: name [json-pointer:/blocks/0/elements/0/elements/0]"},
		{section(`{"type":"broadcast","range":"nobody"}`), "must be a valid enum value [json-pointer:/blocks/0/elements/0/elements/0/range]"},
		{table(`{"type":"raw_text","text":"x"},{"type":"raw_number","value":1.5,"text":"1.5"},` + section(`{"type":"text","text":"x"}`)), ""},
		{table(`{"type":"foo"}`), "unsupported type: foo [json-pointer:/blocks/0/rows/0/0/type]"},
		{table(`{"type":"raw_text","text":""}`), "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]"},
		{table(`{"type":"raw_number","value":"1"}`), "must provide a number [json-pointer:/blocks/0/rows/0/0/value]"},
		{table(section(`{"type":"blink"}`)), "unsupported type: blink [json-pointer:/blocks/0/rows/0/0/elements/0/elements/0/type]"},
		{table(``), "must provide at least 1 items [json-pointer:/blocks/0/rows/0]"},
		{`{"type":"table","rows":[]}`, "must provide at least 1 items [json-pointer:/blocks/0/rows]"},
		{table(strings.TrimSuffix(strings.Repeat(`{"type":"raw_text","text":"x"},`, 21), ",")), "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"},
		{`{"type":"table","rows":[[{"type":"raw_text","text":"x"}]],"column_settings":[null,{"align":"right","is_wrapped":true}]}`, ""},
		{`{"type":"table","rows":[[{"type":"raw_text","text":"x"}]],"column_settings":[{"align":"top"}]}`, "must be a valid enum value [json-pointer:/blocks/0/column_settings/0/align]"},
	} {
		if !json.Valid([]byte(r.block)) {
			t.Fatalf("not JSON: %s", r.block)
		}
		if got := checkBlock(r.block); got != r.want {
			t.Errorf("%s\n got %s\nwant %s", r.block, got, r.want)
		}
	}
}
