package slackfake_test

import (
	"testing"

	"parley/bot/slack/slackfake"
)

// These tests post the blocks that are meant for assistants (feedback buttons, tasks, plans), and check which
// Slack takes.

// feedbackBlock is a block with buttons for what people think of an answer. more are further fields of the
// second one.
func feedbackBlock(more string) string {
	return `{"type":"context_actions","elements":[` +
		`{"type":"feedback_buttons","action_id":"f",` +
		`"positive_button":{"text":{"type":"plain_text","text":"Good"},"value":"good"},` +
		`"negative_button":{"text":{"type":"plain_text","text":"Bad"}` + more + `}},` +
		`{"type":"icon_button","icon":"trash","text":{"type":"plain_text","text":"Remove"}}]}`
}

// taskBlock is a block about a task of an assistant. more are further fields.
func taskBlock(more string) string {
	return `{"type":"task_card","task_id":"1","title":"Look it up"` + more + `}`
}

// richBlock is a rich_text block of some parts.
func richBlock(parts string) string { return `{"type":"rich_text","elements":[` + parts + `]}` }

// richSection is a rich_text block of one paragraph.
func richSection(runs string) string {
	return richBlock(`{"type":"rich_text_section","elements":[` + runs + `]}`)
}

// The blocks with which assistants answer are taken, and checked like all others.
func TestAssistantBlocks(t *testing.T) {
	t.Parallel()
	rich := richSection(`{"type":"text","text":"x"}`)
	checkBlocks(t,
		blockCase{name: "feedback", block: feedbackBlock(`,"value":"bad"`)},
		blockCase{
			name:  "feedback without a value",
			block: feedbackBlock(``),
			want:  "must be more than 0 characters [json-pointer:/blocks/0/elements/0/negative_button/value]",
		},
		blockCase{
			name:  "another button",
			block: `{"type":"context_actions","elements":[{"type":"button","text":{"type":"plain_text","text":"x"}}]}`,
			want:  "unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
		},
		blockCase{
			name: "task",
			block: taskBlock(`,"status":"complete","details":` + rich +
				`,"sources":[{"type":"url","url":"https://example.org/","text":"x"}]`),
		},
		blockCase{
			name:  "task without a status",
			block: taskBlock(``),
			want:  "missing required field: status [json-pointer:/blocks/0]",
		},
		blockCase{
			name:  "task with an unknown status",
			block: taskBlock(`,"status":"done"`),
			want:  "must be a valid enum value [json-pointer:/blocks/0/status]",
		},
		blockCase{
			name:  "task with a block as output",
			block: taskBlock(`,"status":"error","output":{"type":"divider"}`),
			want:  "unsupported type: divider [json-pointer:/blocks/0/output/type]",
		},
		blockCase{name: "plan", block: `{"type":"plan","title":"x","tasks":[` + taskBlock(`,"status":"pending"`) + `]}`},
		blockCase{
			name:  "plan of another block",
			block: `{"type":"plan","title":"x","tasks":[{"type":"divider"}]}`,
			want:  "unsupported type: divider [json-pointer:/blocks/0/tasks/0/type]",
		},
	)
}

// A table of data has a caption, a head and at least one further row.
func TestDataTables(t *testing.T) {
	t.Parallel()
	const oneCell = `[{"type":"raw_text","text":"x"}]`
	const twoCells = `[{"type":"raw_text","text":"x"},{"type":"raw_text","text":"y"}]`
	richCell := "[" + richSection(`{"type":"text","text":"x"}`) + "]"
	table := func(rows string) string { return `{"type":"data_table","caption":"Orders","rows":[` + rows + `]}` }
	checkBlocks(t,
		blockCase{name: "two rows", block: table(oneCell + "," + oneCell)},
		blockCase{name: "one row", block: table(oneCell), want: "must provide at least 2 items [json-pointer:/blocks/0/rows]"},
		blockCase{
			name:  "rich text in the head",
			block: table(richCell + "," + oneCell),
			want:  "unsupported type: rich_text [json-pointer:/blocks/0/rows/0/0/type]",
		},
		blockCase{
			name:  "rows of different length",
			block: table(oneCell + "," + twoCells),
			want:  "must have as many cells as the first row [json-pointer:/blocks/0/rows/1]",
		},
	)
}

// A post with a file block is refused, because such blocks come with remote files alone.
func TestFileBlockIsRefused(t *testing.T) {
	t.Parallel()
	checkBlocks(t, blockCase{
		name:  "file",
		block: `{"type":"file","source":"remote","external_id":"x"}`,
		want:  "unsupported type: file [json-pointer:/blocks/0/type]",
	})
}

// The app hears which of two feedback buttons was pressed.
func TestFeedbackButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	body := w.callAsBot("chat.postMessage", "channel", w.ch, "text", "x", "blocks", `[{
		"type": "context_actions", "block_id": "b",
		"elements": [{
			"type": "feedback_buttons", "action_id": "f",
			"positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
			"negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"}
		}]
	}]`)
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
