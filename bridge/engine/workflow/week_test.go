package workflow_test

import (
	"testing"
	"time"

	"parley/bridge/engine/directory"
	"parley/bridge/engine/workflow"
	"parley/store"
)

// A team gets its summary once a week, even in the nights in which summer time begins or ends. If the time of day doesn't
// exist that night, the summary comes when the clock jumps.
func TestNextWeek(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, weekly string
		after, want  string
	}{
		{"an ordinary week", "30 2 * * SUN", "2026-02-28T12:00:00Z", "2026-03-01T02:30:00Z"},
		{"another zone", "CRON_TZ=Asia/Tokyo 0 8 * * MON", "2026-02-28T12:00:00Z", "2026-03-01T23:00:00Z"},
		{"the leap in Berlin", "CRON_TZ=Europe/Berlin 30 2 * * SUN", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"after that leap", "CRON_TZ=Europe/Berlin 30 2 * * SUN", "2026-03-29T01:00:00Z", "2026-04-05T00:30:00Z"},
		{"the leap in New York", "CRON_TZ=America/New_York 30 2 * * SUN", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z"},
		{"the leap at midnight", "CRON_TZ=America/Santiago 30 0 * * SUN", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"},
		{"the hour that comes twice", "CRON_TZ=Europe/Berlin 30 2 * * SUN", "2026-10-24T12:00:00Z", "2026-10-25T01:30:00Z"},
		{"after that hour", "CRON_TZ=Europe/Berlin 30 2 * * SUN", "2026-10-25T01:30:00Z", "2026-11-01T01:30:00Z"},
	} {
		after, err := time.Parse(time.RFC3339, tt.after)
		if err != nil {
			t.Fatal(err)
		}
		d := directory.New(store.Directory{Teams: []store.Team{{ID: 1, Weekly: tt.weekly}}})
		next, _, _ := workflow.NextWeek(d, 1, after)
		if got := next.DueAt.UTC().Format(time.RFC3339); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
