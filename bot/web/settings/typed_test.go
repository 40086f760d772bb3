package settings

import "testing"

// People type times, places and channels in their own way. What can't be read stays as it is.
func TestReadTyped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, typed, want string }{
		{"hours.week.mon", "9-17", "09:00-17:00"},
		{"hours.week.mon", "9am-5pm", "09:00-17:00"},
		{"hours.week.mon", "9-5pm", "09:00-17:00"},
		{"hours.week.mon", "1-5 pm", "13:00-17:00"},
		{"hours.week.mon", "9:00–17:30", "09:00-17:30"},
		{"hours.week.mon", "9.30 to 12 and 13-17", "09:30-12:00, 13:00-17:00"},
		{"hours.week.mon", "09:00-12:30, 13:30-17:30", "09:00-12:30, 13:30-17:30"},
		{"hours.week.mon", "8pm-12am", "20:00-24:00"},
		{"hours.week.mon", "0-24", "00:00-24:00"},
		{"hours.week.mon", "closed", ""},
		{"hours.week.mon", "mornings", "mornings"},
		{"hours.holidays.days.0.open", "9-12", "09:00-12:00"},
		{"zone", "berlin", "Europe/Berlin"},
		{"hours.zone", "New York", "America/New_York"},
		{"zone", "europe/lisbon", "Europe/Lisbon"},
		{"zone", "Nowhere", "Nowhere"},
		{"slack_channel", "support-team", "#support-team"},
		{"slack_channel", "#support", "#support"},
		{"slack_channel", "C0SUPPORT", "C0SUPPORT"},
		{"teams_channel", "General", "#General"},
		{"teams_channel", "19:a@thread.tacv2", "19:a@thread.tacv2"},
		{"name", "9-17", "9-17"},
	} {
		if got := readTyped(tt.name, tt.typed); got != tt.want {
			t.Errorf("%s %q is read as %q, want %q", tt.name, tt.typed, got, tt.want)
		}
	}
}
