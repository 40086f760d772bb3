package fact

import "testing"

// Emoji that stand for commands have the names by which these are known. Others keep Teams' names.
func TestEmojiName(t *testing.T) {
	t.Parallel()
	for reaction, want := range map[string]string{
		"1f440_eyes":                    "eyes",
		"270b_raisedhand":               "raised_hand",
		"270b_raisedhand-tone3":         "raised_hand",
		"happy_person_raising_one_hand": "raising_hand",
		"2705_whiteheavycheckmark":      "white_check_mark",
		"1f4a4_zzz":                     "zzz",
		"23f0_alarmclock":               "alarm_clock",
		"sleepingface":                  "sleeping",
		"1f512_locked":                  "lock",
		"blankface":                     "no_mouth",
		"1f910_zippermouthface":         "zipper_mouth_face",
		"21a9_leftwardsarrowwithhook":   "leftwards_arrow_with_hook",
		"23ea_fastreversebutton":        "rewind",
		"231b_hourglassdone":            "hourglass",
		"holdon":                        "hourglass",
		"like":                          "like",
		"like-tone2":                    "like",
		"1f44d_thumbsup":                "thumbsup",
		"1f389_partypopper":             "partypopper",
		"_x":                            "x",
		"":                              "",
	} {
		if got := emojiName(reaction); got != want {
			t.Errorf("%q is %q, want %q", reaction, got, want)
		}
	}
}
