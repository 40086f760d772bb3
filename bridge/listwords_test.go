package bridge_test

import (
	"errors"
	"strings"
	"testing"

	"parley/bridge"
)

// What is typed about a list is read, and written back as it is read again.
// Requirement R-101: Filter by state.
// Requirement R-102: Filter by channel or account.
// Requirement R-103: Filter by tag.
// Requirement R-104: Filter by label.
// Requirement R-105: Filter by who has it.
// Requirement R-106: Filter by team.
// Requirement R-107: Filter by date.
// Requirement R-113: Sort otherwise.
func TestListWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typed string
		want  bridge.ListView
		words string // as they are written back, if not as typed
	}{
		{typed: "", want: bridge.ListView{}},
		{typed: "tag:billing since:7d", want: bridge.ListView{Tag: "billing", Since: "7d"}},
		{
			typed: "Status:snoozed channel:whatsapp sort:Newest",
			want:  bridge.ListView{Status: "snoozed", Account: "whatsapp", Sort: "newest"},
			words: "status:snoozed account:whatsapp sort:newest",
		},
		{
			typed: `label:vip agent:ann@shop.example team:"Second level" until:2026-11-01`,
			want:  bridge.ListView{Label: "vip", Agent: "ann@shop.example", Team: "Second level", Until: "2026-11-01"},
		},
		{typed: "tag:“late delivery”, agent:nobody", want: bridge.ListView{Tag: "late delivery", Agent: "nobody"},
			words: `tag:"late delivery" agent:nobody`},
		{typed: "unread:yes", want: bridge.ListView{Unread: "yes"}, words: "unread:yes"},
		{typed: "tag:late tag:soon", want: bridge.ListView{Tag: "soon"}, words: "tag:soon"},
	}
	for _, tt := range tests {
		got, err := bridge.ParseListView(tt.typed)
		if err != nil || got != tt.want {
			t.Errorf("%q is read as %+v (%v), want %+v", tt.typed, got, err, tt.want)
		}
		words := tt.words
		if words == "" {
			words = tt.typed
		}
		if got.Words() != words {
			t.Errorf("%q is written back as %q, want %q", tt.typed, got.Words(), words)
		}
		if again, err := bridge.ParseListView(got.Words()); err != nil || again != got {
			t.Errorf("%q is read again as %+v (%v), want %+v", got.Words(), again, err, got)
		}
	}
	for typed, word := range map[string]string{"please": "please", "tag:": "tag:", "colour:red tag:x": "colour:red", "tag:x now": "now"} {
		_, err := bridge.ParseListView(typed)
		problem, _ := errors.AsType[*bridge.Problem](err)
		if problem == nil || !strings.Contains(problem.Text, "“"+word+"”") || !strings.Contains(problem.Hint, "status") {
			t.Errorf("%q is refused with %v, want a refusal of %q that names the keys", typed, err, word)
		}
	}
}

// A search has words with a key, which restrict it, among the others.
func TestCutListView(t *testing.T) {
	t.Parallel()
	words, v := bridge.CutListView(`blue tag:billing lamp, note:x since:"7d" tag:`)
	if want := (bridge.ListView{Tag: "billing", Since: "7d"}); words != "blue lamp, note:x tag:" || v != want {
		t.Errorf("the words are %q, the rest %+v, want %+v", words, v, want)
	}
}
