package fact

import "testing"

// emojiName gives an emoji that stands for a command the name by which the command is known. Other emoji keep Teams' names.
func TestEmojiName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ reaction, want string }{
		{reaction: "1f440_eyes", want: "eyes"},
		{reaction: "270b_raisedhand", want: "raised_hand"},
		{reaction: "270b_raisedhand-tone3", want: "raised_hand"},
		{reaction: "happy_person_raising_one_hand", want: "raising_hand"},
		{reaction: "2705_whiteheavycheckmark", want: "white_check_mark"},
		{reaction: "1f4a4_zzz", want: "zzz"},
		{reaction: "23f0_alarmclock", want: "alarm_clock"},
		{reaction: "sleepingface", want: "sleeping"},
		{reaction: "1f512_locked", want: "lock"},
		{reaction: "blankface", want: "no_mouth"},
		{reaction: "1f910_zippermouthface", want: "zipper_mouth_face"},
		{reaction: "21a9_leftwardsarrowwithhook", want: "leftwards_arrow_with_hook"},
		{reaction: "23ea_fastreversebutton", want: "rewind"},
		{reaction: "231b_hourglassdone", want: "hourglass"},
		{reaction: "holdon", want: "hourglass"},
		{reaction: "like", want: "like"},
		{reaction: "like-tone2", want: "like"},
		{reaction: "1f44d_thumbsup", want: "thumbsup"},
		{reaction: "1f389_partypopper", want: "partypopper"},
		{reaction: "_x", want: "x"},
		{reaction: "", want: ""},
	} {
		if got := emojiName(tt.reaction); got != tt.want {
			t.Errorf("emojiName(%q) = %q, want %q", tt.reaction, got, tt.want)
		}
	}
}

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
