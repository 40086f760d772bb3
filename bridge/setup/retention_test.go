package setup

import (
	"strings"
	"testing"

	"parley/bridge/setup/parleyfile"
	"parley/store/retention"
	"parley/store/storetest"
)

// parley.yaml says for how many days records are kept. A value that it doesn't name stays, and "" means the default.
func TestRetentionDays(t *testing.T) {
	t.Parallel()
	o, pool := options(t), storetest.DB(t)
	apply(t, pool, acme, o, "LOFT_PASSWORD=tops3cret", "OUT=0ther")
	for _, c := range []struct {
		file string
		want retention.Days
	}{
		{"retention: {arrived_days: 45, ended_days: 90}", retention.Days{Arrived: 45, Ended: 90}},
		{"retention: {arrived_days: 7}", retention.Days{Arrived: 7, Ended: 90}},
		{"retention: {}", retention.Days{Arrived: 7, Ended: 90}},
		{`retention: {ended_days: ""}`, retention.Days{Arrived: 7}},
	} {
		apply(t, pool, c.file, o)
		if got, err := retention.ReadDays(t.Context(), pool); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", c.file, got, err)
		}
	}

	for _, file := range []string{
		"retention: {arrived_days: 6}", "retention: {ended_days: 29}", "retention: {ended_days: 3651}",
		"retention: {arrived_days: ten}", "retention: {arrived_days: -1}", "retention: {passing_days: 3}", "retention: 30",
	} {
		if _, err := parleyfile.Parse([]byte(file), env()); err == nil || !strings.HasPrefix(err.Error(), "1:") ||
			!strings.Contains(err.Error(), "retention") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
