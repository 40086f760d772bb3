package hours

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A range goes from its first day to its last, past the end of the week if necessary. If both are the same, the range is
// that day.
func TestParseDays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		days string
		want []time.Weekday
	}{
		{name: "range", days: "mon-wed", want: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday}},
		{name: "range past the end of the week", days: "Sat - Mon", want: []time.Weekday{time.Saturday, time.Sunday, time.Monday}},
		{name: "range of one day", days: "mon-mon", want: []time.Weekday{time.Monday}},
		{name: "list", days: "fri-fri,mon", want: []time.Weekday{time.Friday, time.Monday}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseDays(tt.days)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("ParseDays(%q) = %v, want %v", tt.days, got, tt.want)
			}
		})
	}
}

func TestNewRefusesAPlan(t *testing.T) {
	t.Parallel()
	utc := func(rules ...Rule) Plan { return Plan{Zone: "UTC", Week: rules} }
	tests := []struct {
		name      string
		plan      Plan
		wantError string // a part of it
	}{
		{
			name:      "no zone",
			plan:      Plan{Week: []Rule{{Days: "mon", Open: "9:00-10:00"}}},
			wantError: `unknown time zone ""`,
		},
		{
			name:      "unknown zone",
			plan:      Plan{Zone: "Mars/Crater"},
			wantError: `unknown time zone "Mars/Crater"`,
		},
		{
			name:      "unknown day of the week",
			plan:      utc(Rule{Days: "mo", Open: "9:00-10:00"}),
			wantError: `"mo" is not a day of the week`,
		},
		{
			name:      "range without an end",
			plan:      utc(Rule{Days: "mon-", Open: "9:00-10:00"}),
			wantError: `"mon-" is not a day of the week`,
		},
		{
			name:      "day given twice",
			plan:      utc(Rule{Days: "mon-fri", Open: "9:00-10:00"}, Rule{Days: "mon", Open: "closed"}),
			wantError: `monday is given twice`,
		},
		{
			name:      "hours without minutes",
			plan:      utc(Rule{Days: "mon", Open: "9-10"}),
			wantError: `"9-10" is not a time from and to`,
		},
		{
			name:      "hours past the end of the day",
			plan:      utc(Rule{Days: "mon", Open: "24:01-25:00"}),
			wantError: `"24:01-25:00" is not a time from and to`,
		},
		{
			name:      "end before the beginning",
			plan:      utc(Rule{Days: "mon", Open: "22:00-06:00"}),
			wantError: `"22:00-06:00" ends before it begins`,
		},
		{
			name:      "overlapping hours",
			plan:      utc(Rule{Days: "mon", Open: "9:00-12:00, 11:00-13:00"}),
			wantError: `the times in "9:00-12:00, 11:00-13:00" overlap`,
		},
		{
			name:      "holiday on a date that doesn't exist",
			plan:      Plan{Zone: "UTC", Holidays: []string{"2026-02-30"}},
			wantError: `"2026-02-30" is not a date: it should be like 2026-12-25`,
		},
		{
			name:      "special day without a year",
			plan:      Plan{Zone: "UTC", Days: []Day{{Date: "24.12."}}},
			wantError: `"24.12." is not a date`,
		},
		{
			name:      "special day given twice",
			plan:      Plan{Zone: "UTC", Days: []Day{{Date: "2026-12-24"}, {Date: "2026-12-24", Open: "9:00-10:00"}}},
			wantError: `2026-12-24 is given twice`,
		},
		{
			name:      "special day whose hours can't be read",
			plan:      Plan{Zone: "UTC", Days: []Day{{Date: "2026-12-24", Open: "noon"}}},
			wantError: `"noon" is not a time from and to`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := New(tt.plan, nil)
			if err == nil {
				t.Fatalf("New accepted the plan, want an error with %q", tt.wantError)
			}
			if !strings.Contains(err.Error(), tt.wantError) {
				t.Errorf("New: got error %q, want one with %q", err, tt.wantError)
			}
		})
	}
}

func TestReadRefusesAZoneThatIsNoText(t *testing.T) {
	t.Parallel()
	if _, err := Read([]byte(`{"zone": 1}`), nil); err == nil {
		t.Error("Read accepted a number as the zone")
	}
}

func TestReadOfAnEmptyPlanIsAlwaysOpen(t *testing.T) {
	t.Parallel()
	h, err := Read([]byte(`{}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if h != nil {
		t.Errorf("got %+v, want nil, which is always open", h)
	}
}
