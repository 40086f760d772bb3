package records

import "testing"

// logged adds actions to the log of the conversation of auditedRecords, in this order.
func logged(deeds string) string {
	return `
		INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id)
		SELECT place, 1, now(), 'agent', what, 3
		FROM unnest(string_to_array('` + deeds + `', ', ')) WITH ORDINALITY AS deeds(what, place); `
}

const (
	resolved  = `UPDATE conversations SET status = 'resolved', resolved_at = now(); `
	commanded = `UPDATE messages SET direction = 'note', fate = 'inside' WHERE id = 3; ` // what was typed at 5.1 is a command
)

// The audit finds a reply that left a resolved conversation, and a conversation that was resolved and is still open.
func TestAuditFindsNotOver(t *testing.T) {
	t.Parallel()
	runAuditCases(t, func(a *Audit) []string { return a.NotOver }, []auditCase{
		{
			name:   "a reply left it",
			change: logged("replied, resolved, replied, reopened"),
			want:   "a reply left conversation #1, which was resolved",
		},
		{name: "its status stayed open", change: logged("resolved"), want: "conversation #1 was resolved, and is open"},
	})
}

// A reopened conversation may have further replies.
func TestAuditOfReopened(t *testing.T) {
	t.Parallel()
	a := auditAfter(t, logged("resolved, reopened, replied"))
	if got := a.Violations(); len(got) > 0 {
		t.Errorf("violations: got %q, want none", got)
	}
}

// The log must say what became of each command to resolve.
func TestAuditOfResolveCommands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change string
		want   int // commands of which Parley says nothing
	}{
		{name: "done", change: resolved + commanded + logged("resolved")},
		{name: "refused", change: commanded + logged("refused")},
		{name: "nothing", change: commanded, want: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := auditAfter(t, tt.change, "5.1").Unrecorded; len(got) != tt.want {
				t.Errorf("unrecorded: got %q, want %d", got, tt.want)
			}
		})
	}
}
