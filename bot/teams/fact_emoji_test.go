package teams

import "testing"

// ReactionType makes the name that Teams uses for a reaction of the character and the name that Graph shows.
func TestReactionType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ shown, name, want string }{
		{shown: "👀", name: "Eyes", want: "1f440_eyes"},
		{shown: "⌛", name: "Hourglass done", want: "231b_hourglassdone"},
		{shown: "↩️", name: "Leftwards arrow with hook", want: "21a9_leftwardsarrowwithhook"},
		{shown: "✋🏽", name: "Raised hand", want: "270b_raisedhand"},
		{shown: "🎉", name: "", want: "1f389_"},
		{shown: "like", name: "Like", want: "like"},
		{shown: "custom", name: "Lock", want: "custom"},
		{shown: "", name: "", want: ""},
	} {
		if got := ReactionType(tt.shown, tt.name); got != tt.want {
			t.Errorf("ReactionType(%q, %q) = %q, want %q", tt.shown, tt.name, got, tt.want)
		}
	}
}
