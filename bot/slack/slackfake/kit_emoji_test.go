package slackfake

import "testing"

func TestWithShortcodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, typed, want string }{
		{name: "an emoji", typed: "Well done 👍", want: "Well done :+1:"},
		{name: "with a skin tone", typed: "👋🏼 Ann", want: ":wave::skin-tone-3: Ann"},
		{name: "of two characters", typed: "❤️", want: ":heart:"},
		{name: "a flag", typed: "🇩🇪", want: ":flag-de:"},
		{name: "no emoji", typed: "12:30", want: "12:30"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := WithShortcodes(tt.typed); got != tt.want {
				t.Errorf("WithShortcodes(%q) = %q, want %q", tt.typed, got, tt.want)
			}
		})
	}
}
