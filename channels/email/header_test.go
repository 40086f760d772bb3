package email

import (
	"testing"
	"time"
)

// A date is one moment on every machine: zones by their names are those of RFC 5322, never
// those of the machine's own zone.
func TestDatesWithNamedZones(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Fri, 20 Nov 2026 08:00:00 EST":         "2026-11-20T13:00:00Z",
		"20 Nov 26 08:00 PDT":                   "2026-11-20T15:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 GMT":         "2026-11-20T08:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 UT":          "2026-11-20T08:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 Z":           "2026-11-20T08:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 CET":         "2026-11-20T08:00:00Z", // no zone of RFC 5322
		"Fri, 20 Nov 2026 08:00:00 CET +0100":   "2026-11-20T07:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 +0100 (CET)": "2026-11-20T07:00:00Z",
		"Friday, 20-Nov-26 08:00:00 MST":        "2026-11-20T15:00:00Z",
		"Fri Nov  6 08:00:00 CST 2026":          "2026-11-06T14:00:00Z",
		"Fri, 20 Nov 2026 08:00:00 PM":          "",
	} {
		at, ok := parseDate(in)
		if got := at.Format(time.RFC3339); ok != (want != "") || ok && got != want {
			t.Errorf("%q is %s, %v, want %s", in, got, ok, want)
		}
	}
}
