package slackfake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
)

// These tests post blocks. The emulator refuses what Slack doesn't know in a block, in the words of Slack's
// validator.

// blockCase is a block that is posted, and what Slack's validator says of it.
type blockCase struct {
	name  string
	block string
	want  string // "" if it is taken
}

// checkBlocks posts each block, and checks what the validator says.
func checkBlocks(t *testing.T, cases ...blockCase) {
	t.Helper()
	w := newWorld(t, slackfake.Options{})
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if !json.Valid([]byte(tt.block)) {
				t.Fatalf("not JSON: %s", tt.block)
			}
			body := w.callAsBot("chat.postMessage", "channel", w.ch, "blocks", "["+tt.block+"]")
			got := strings.Join(faultsOf(body), "; ")
			if body["ok"] != true && got == "" {
				got = fmt.Sprint(body["error"])
			}
			if got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.block, got, tt.want)
			}
		})
	}
}

func TestSections(t *testing.T) {
	t.Parallel()
	checkBlocks(t,
		blockCase{
			name:  "unknown field",
			block: `{"type":"section","text":{"type":"mrkdwn","text":"x"},"foo":1,"expand":true}`,
			want:  "invalid additional property: foo [json-pointer:/blocks/0]",
		},
		blockCase{
			name:  "field of plain text in markup",
			block: `{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}`,
			want:  "invalid additional property: emoji [json-pointer:/blocks/0/text]",
		},
		blockCase{
			name:  "field of markup in plain text",
			block: `{"type":"section","text":{"type":"plain_text","text":"x","verbatim":true}}`,
			want:  "invalid additional property: verbatim [json-pointer:/blocks/0/text]",
		},
		blockCase{
			name:  "divider with a text",
			block: `{"type":"divider","text":"x"}`,
			want:  "invalid additional property: text [json-pointer:/blocks/0]",
		},
		blockCase{
			name:  "header with a text that isn't an object",
			block: `{"type":"header","text":"x"}`,
			want:  "must provide an object [json-pointer:/blocks/0/text]",
		},
		blockCase{
			name:  "header without a text",
			block: `{"type":"header"}`,
			want:  "missing required field: text [json-pointer:/blocks/0]",
		},
		blockCase{
			name:  "context with an empty text",
			block: `{"type":"context","elements":[{"type":"mrkdwn","text":""}]}`,
			want:  "must be more than 0 characters [json-pointer:/blocks/0/elements/0/text]",
		},
	)
}

func TestButtons(t *testing.T) {
	t.Parallel()
	button := func(more string) string {
		return `{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}` + more + `}]}`
	}
	checkBlocks(t,
		blockCase{
			name: "with everything",
			block: button(`,"style":"danger","value":"v","url":"https://example.org/a?b=c",` +
				`"confirm":{"title":{"type":"plain_text","text":"x"},"text":{"type":"mrkdwn","text":"x"},"style":"danger"}`),
		},
		blockCase{name: "with a mail address", block: button(`,"url":"mailto:eve@example.org"`)},
		blockCase{
			name:  "with an unknown field",
			block: button(`,"colour":"red"`),
			want:  "invalid additional property: colour [json-pointer:/blocks/0/elements/0]",
		},
		blockCase{
			name:  "with a bad address",
			block: button(`,"url":"nourl"`),
			want:  "invalid url [json-pointer:/blocks/0/elements/0/url]",
		},
	)
}

func TestImages(t *testing.T) {
	t.Parallel()
	checkBlocks(t,
		blockCase{
			name: "with a title",
			block: `{"type":"image","alt_text":"x","image_url":"https://example.org/x.png",` +
				`"title":{"type":"plain_text","text":"x"}}`,
		},
		blockCase{
			name:  "with a bad address",
			block: `{"type":"image","alt_text":"x","image_url":"notaurl"}`,
			want:  "invalid url [json-pointer:/blocks/0/image_url]",
		},
		blockCase{
			name:  "with an unknown field in a context",
			block: `{"type":"context","elements":[{"type":"image","alt_text":"x","image_url":"https://example.org/x.png","size":1}]}`,
			want:  "invalid additional property: size [json-pointer:/blocks/0/elements/0]",
		},
	)
}

func TestListsOfRichText(t *testing.T) {
	t.Parallel()
	list := func(more string) string {
		return richBlock(`{"type":"rich_text_list"` + more +
			`,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}`)
	}
	checkBlocks(t,
		blockCase{name: "with everything", block: list(`,"style":"bullet","indent":1,"offset":2,"border":0`)},
		blockCase{name: "as deep as Slack nests them", block: list(`,"style":"bullet","indent":8`)},
		blockCase{
			name:  "deeper",
			block: list(`,"style":"bullet","indent":9`),
			want:  "must be less than 9 [json-pointer:/blocks/0/elements/0/indent]",
		},
		blockCase{
			name:  "of an unknown style",
			block: list(`,"style":"weird"`),
			want:  "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
		},
		blockCase{
			name:  "without a style",
			block: list(``),
			want:  "missing required field: style [json-pointer:/blocks/0/elements/0]",
		},
		blockCase{
			name:  "with an unknown field",
			block: list(`,"style":"ordered","start":3`),
			want:  "invalid additional property: start [json-pointer:/blocks/0/elements/0]",
		},
	)
}

func TestParagraphsOfRichText(t *testing.T) {
	t.Parallel()
	checkBlocks(t,
		blockCase{
			name: "with styles, an emoji and a date",
			block: richSection(`{"type":"text","text":"x","style":{"bold":true,"underline":true}},` +
				`{"type":"emoji","name":"wave","unicode":"1f44b"},` +
				`{"type":"date","timestamp":1,"format":"{date}","fallback":"x"}`),
		},
		blockCase{
			name:  "with an unknown style",
			block: richSection(`{"type":"text","text":"x","style":{"blink":true}}`),
			want:  "invalid additional property: blink [json-pointer:/blocks/0/elements/0/elements/0/style]",
		},
		blockCase{
			name:  "with a style that isn't an object",
			block: richSection(`{"type":"text","text":"x","style":"bold"}`),
			want:  "must provide an object [json-pointer:/blocks/0/elements/0/elements/0/style]",
		},
		blockCase{
			name:  "with a mention that has an unknown field",
			block: richSection(`{"type":"user","user_id":"U1","name":"x"}`),
			want:  "invalid additional property: name [json-pointer:/blocks/0/elements/0/elements/0]",
		},
		blockCase{
			name:  "with a mention of an unknown range",
			block: richSection(`{"type":"broadcast","range":"nobody"}`),
			want:  "must be a valid enum value [json-pointer:/blocks/0/elements/0/elements/0/range]",
		},
	)
}

func TestCellsOfTables(t *testing.T) {
	t.Parallel()
	row := func(cells string) string { return `{"type":"table","rows":[[` + cells + `]]}` }
	checkBlocks(t,
		blockCase{
			name: "of all kinds",
			block: row(`{"type":"raw_text","text":"x"},{"type":"raw_number","value":1.5,"text":"1.5"},` +
				richSection(`{"type":"text","text":"x"}`)),
		},
		blockCase{
			name:  "of an unknown kind",
			block: row(`{"type":"foo"}`),
			want:  "unsupported type: foo [json-pointer:/blocks/0/rows/0/0/type]",
		},
		blockCase{
			name:  "without words",
			block: row(`{"type":"raw_text","text":""}`),
			want:  "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
		},
		blockCase{
			name:  "with a number that is a text",
			block: row(`{"type":"raw_number","value":"1"}`),
			want:  "must provide a number [json-pointer:/blocks/0/rows/0/0/value]",
		},
		blockCase{
			name:  "with an unknown run",
			block: row(richSection(`{"type":"blink"}`)),
			want:  "unsupported type: blink [json-pointer:/blocks/0/rows/0/0/elements/0/elements/0/type]",
		},
		blockCase{
			name:  "none",
			block: row(``),
			want:  "must provide at least 1 items [json-pointer:/blocks/0/rows/0]",
		},
		blockCase{
			name:  "more than twenty",
			block: `{"type":"table","rows":[` + repeated(`{"type":"raw_text","text":"x"}`, 21) + `]}`,
			want:  "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
		},
	)
}

func TestTables(t *testing.T) {
	t.Parallel()
	const row = `[{"type":"raw_text","text":"x"}]`
	checkBlocks(t,
		blockCase{
			name:  "with settings of columns",
			block: `{"type":"table","rows":[` + row + `],"column_settings":[null,{"align":"right","is_wrapped":true}]}`,
		},
		blockCase{
			name:  "with a column that is aligned at the top",
			block: `{"type":"table","rows":[` + row + `],"column_settings":[{"align":"top"}]}`,
			want:  "must be a valid enum value [json-pointer:/blocks/0/column_settings/0/align]",
		},
		blockCase{
			name:  "without rows",
			block: `{"type":"table","rows":[]}`,
			want:  "must provide at least 1 items [json-pointer:/blocks/0/rows]",
		},
	)
}

// A refusal says in which place of the blocks a fault is, because developers rely on that.
func TestInvalidBlocksNameThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	for _, tt := range []struct {
		name   string
		blocks string
		want   string
	}{
		{name: "long text", blocks: sections(1, 3001), want: "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{
			name:   "section with nothing in it",
			blocks: `[{"type":"section"}]`,
			want:   "must define either `text` or `fields` [json-pointer:/blocks/0/type]",
		},
		{
			name:   "empty text",
			blocks: `[{"type":"section","text":{"type":"mrkdwn","text":""}}]`,
			want:   "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
		},
		{
			name:   "header with markup",
			blocks: `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`,
			want:   "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
		},
		{
			name:   "two blocks with one id",
			blocks: `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`,
			want:   "`block_id`: a already exists for another block [json-pointer:/blocks/1/block_id]",
		},
		{
			name: "button with a long label",
			blocks: `[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"` +
				strings.Repeat("x", 76) + `"}}]}]`,
			want: "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
		},
		{
			name:   "button with an unknown style",
			blocks: `[{"type":"actions","elements":[{"type":"button","style":"loud","text":{"type":"plain_text","text":"x"}}]}]`,
			want:   "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
		},
		{
			name:   "context with nothing in it",
			blocks: `[{"type":"context","elements":[]}]`,
			want:   "must provide at least 1 items [json-pointer:/blocks/0/elements]",
		},
		{
			name:   "rich text with an unknown part",
			blocks: `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"blink"}]}]}]`,
			want:   "unsupported type: blink [json-pointer:/blocks/0/elements/0/elements/0/type]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := faultsOf(w.callAsBot("chat.postMessage", "channel", w.ch, "blocks", tt.blocks))
			if want := []string{tt.want}; !slices.Equal(got, want) {
				t.Errorf("got the faults %q, want %q", got, want)
			}
		})
	}
}
