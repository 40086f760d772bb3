package engine

import (
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A template is sent only as its preview showed it: by its own account, unchanged, approved, and with all its values.
func TestTemplateFor(t *testing.T) {
	t.Parallel()
	const account store.AccountID = 1
	for _, tt := range []struct {
		name   string
		change func(row *store.Template)
		gone   bool // there is no such row
		value  string
		want   string // the code of the problem
	}{
		{name: "as it was seen", value: "Kim"},
		{name: "deleted", gone: true, value: "Kim", want: "no_template"},
		{name: "of another account", change: func(row *store.Template) { row.AccountID = 2 }, value: "Kim", want: "no_template"},
		{name: "about to be deleted", change: func(row *store.Template) { row.Todo = store.TodoDelete }, value: "Kim", want: "no_template"},
		{name: "changed since", change: func(row *store.Template) { row.Version++ }, value: "Kim", want: "template_changed"},
		{
			name:   "paused",
			change: func(row *store.Template) { row.Status = string(channels.TemplatePaused) },
			value:  "Kim",
			want:   "not_approved",
		},
		{name: "without a value", value: " ", want: "value_missing"},
	} {
		row := store.Template{ID: 7, AccountID: account, Version: 3, Status: string(channels.TemplateApproved),
			TemplateContent: store.TemplateContent{Body: "Hello {{name}}"}}
		if tt.change != nil {
			tt.change(&row)
		}
		rows := []store.Template{row}
		if tt.gone {
			rows = nil
		}

		used, problem := TemplateFor(account, rows, &bridge.TemplateArgs{ID: 7, Version: 3, Values: map[string]string{"name": tt.value}})
		got := ""
		if problem != nil {
			got = string(problem.Code)
		}
		if got != tt.want {
			t.Errorf("%s: got the problem %q, want %q", tt.name, got, tt.want)
		}
		if problem == nil && used.Use.Words() != "Hello Kim" {
			t.Errorf("%s: got the words %q, want Hello Kim", tt.name, used.Use.Words())
		}
	}
}
