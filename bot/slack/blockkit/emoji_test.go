package blockkit

import "testing"

// If Slack writes emoji as shortcodes, customers get the characters (requirement R-073).
func TestShortcodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, typed, want string }{
		{name: "an emoji", typed: "Well done :+1:", want: "Well done 👍"},
		{name: "by its other name", typed: "Well done :thumbsup:", want: "Well done 👍"},
		{name: "with a skin tone", typed: ":wave::skin-tone-3: Ann", want: "👋🏼 Ann"},
		{name: "with a skin tone, of two characters", typed: ":point_up::skin-tone-2:", want: "☝🏻"},
		{name: "of several characters", typed: ":man-woman-boy:", want: "👨‍👩‍👦"},
		{name: "two at once", typed: ":tada::tada:", want: "🎉🎉"},
		{name: "within a word", typed: "super:+1:gut", want: "super👍gut"},
		{name: "behind a word without a space", typed: "Danke:smile:", want: "Danke😄"},
		{name: "beside another one", typed: "Done :tada::ok:", want: "Done 🎉🆗"},
		{name: "a short name alone", typed: "See :on: there", want: "See 🔛 there"},
		{name: "in an address of a device", typed: "00:1b:cd:22:ab:01", want: "00:1b:cd:22:ab:01"},
		{name: "in an address of the internet", typed: "2001:db8:a::1 and 2001:db8:100::1", want: "2001:db8:a::1 and 2001:db8:100::1"},
		{name: "in a program", typed: "Vec::new::x", want: "Vec::new::x"},
		{name: "between words", typed: "state:on:off", want: "state:on:off"},
		{name: "behind a time", typed: "10:30:100: x", want: "10:30:100: x"},
		{name: "an emoji that is a number", typed: ":100: :1234:", want: "💯 🔢"},
		{name: "a custom emoji", typed: ":party_parrot: :+1:", want: ":party_parrot: 👍"},
		{name: "a time", typed: "12:30:45", want: "12:30:45"},
		{name: "a ratio", typed: "1:100:5", want: "1:100:5"},
		{name: "words between colons", typed: "note:this: that", want: "note:this: that"},
		{name: "colons alone", typed: "a :: b ::: c", want: "a :: b ::: c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := withEmoji(tt.typed); got != tt.want {
				t.Errorf("withEmoji(%q) = %q, want %q", tt.typed, got, tt.want)
			}
		})
	}
}
