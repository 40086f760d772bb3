package hours

import (
	"testing"
	"time"
)

// Between counts only the time in which the business is open, even if the clock is changed meanwhile (requirement R-230).
func TestBetween(t *testing.T) {
	t.Parallel()
	office := mustNew(t, officePlan())
	roundTheClock := mustNew(t, Plan{Zone: "Europe/Berlin", Week: []Rule{{Days: "mon-sun", Open: "00:00-24:00"}}})
	sundayNight := mustNew(t, Plan{Zone: "Europe/Berlin", Week: []Rule{{Days: "sun", Open: "01:30-04:00"}}})
	tests := []struct {
		name     string
		hours    *Hours
		from, to string // in Berlin
		want     time.Duration
	}{
		{name: "within a morning", hours: office, from: "2026-11-20 09:30", to: "2026-11-20 10:00", want: 30 * time.Minute},
		{name: "over lunch", hours: office, from: "2026-11-20 12:00", to: "2026-11-20 14:00", want: time.Hour},
		{name: "from evening to morning", hours: office, from: "2026-11-19 17:00", to: "2026-11-20 09:10", want: 40 * time.Minute},
		{name: "over the weekend", hours: office, from: "2026-11-20 17:00", to: "2026-11-23 09:30", want: 5 * time.Hour},
		{name: "over a holiday", hours: office, from: "2026-12-24 17:00", to: "2026-12-26 10:15", want: 45 * time.Minute},
		{name: "closed all the time", hours: office, from: "2026-11-22 08:00", to: "2026-11-22 20:00", want: 0},
		{name: "to before from", hours: office, from: "2026-11-20 10:00", to: "2026-11-20 09:30", want: 0},
		{name: "always open", hours: nil, from: "2026-11-20 10:00", to: "2026-11-22 10:00", want: 48 * time.Hour},
		{name: "a day that loses an hour", hours: roundTheClock, from: "2026-03-29 00:00", to: "2026-03-30 00:00", want: 23 * time.Hour},
		{name: "a day that gains an hour", hours: roundTheClock, from: "2026-10-25 00:00", to: "2026-10-26 00:00", want: 25 * time.Hour},
		{name: "open while an hour is lost", hours: sundayNight, from: "2026-03-28 00:00", to: "2026-03-30 00:00", want: 90 * time.Minute},
		{name: "open while an hour comes twice", hours: sundayNight, from: "2026-10-24 00:00", to: "2026-10-26 00:00", want: 210 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from, to := at(t, office.Zone(), tt.from).UTC(), at(t, office.Zone(), tt.to).UTC()
			if got := tt.hours.Between(from, to); got != tt.want {
				t.Errorf("Between(%v, %v) = %v, want %v", from, to, got, tt.want)
			}
		})
	}
}

// Over a year, Between agrees with the number of minutes at which OpenAt is true (requirement R-230).
func TestBetweenOverAYear(t *testing.T) {
	t.Parallel()
	office := mustNew(t, officePlan())
	from, to := at(t, office.Zone(), "2026-01-01 00:00"), at(t, office.Zone(), "2027-01-01 00:00")
	var want time.Duration
	for now := from; now.Before(to); now = now.Add(time.Minute) {
		if office.OpenAt(now) {
			want += time.Minute
		}
	}
	if got := office.Between(from.UTC(), to.UTC()); got != want {
		t.Errorf("Between(%v, %v) = %v, want %v", from, to, got, want)
	}
}

// Add is what Between undoes: it counts only the time in which the business is open (requirement R-151).
func TestAdd(t *testing.T) {
	t.Parallel()
	office := mustNew(t, officePlan())
	tests := []struct {
		name  string
		hours *Hours
		from  string // in Berlin
		open  time.Duration
		want  string
	}{
		{name: "within a morning", hours: office, from: "2026-11-20 09:30", open: 30 * time.Minute, want: "2026-11-20 10:00"},
		{name: "over lunch", hours: office, from: "2026-11-20 12:00", open: time.Hour, want: "2026-11-20 14:00"},
		{name: "from evening to morning", hours: office, from: "2026-11-19 17:00", open: 40 * time.Minute, want: "2026-11-20 09:10"},
		{name: "over the weekend", hours: office, from: "2026-11-20 17:00", open: 5 * time.Hour, want: "2026-11-23 09:30"},
		{name: "at night", hours: office, from: "2026-11-20 03:00", open: 5 * time.Minute, want: "2026-11-20 09:05"},
		{name: "until it closes", hours: office, from: "2026-11-20 12:00", open: 30 * time.Minute, want: "2026-11-20 12:30"},
		{name: "always open", hours: nil, from: "2026-11-20 10:00", open: 48 * time.Hour, want: "2026-11-22 10:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from, want := at(t, office.Zone(), tt.from).UTC(), at(t, office.Zone(), tt.want)
			got := tt.hours.Add(from, tt.open)
			if !got.Equal(want) || tt.hours.Between(from, got) != tt.open {
				t.Errorf("Add(%v, %v) = %v, want %v", from, tt.open, got, want)
			}
		})
	}
}
