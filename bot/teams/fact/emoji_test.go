package fact

import "testing"

// The emoji that stand for verbs are known by Teams' names for them, the others keep these.
func TestEmojiName(t *testing.T) {
	t.Parallel()
	for reaction, want := range map[string]string{
		"1f440_eyes": "eyes", "270b_raisedhand": "raised_hand", "270b-1f3fd_raisedhand": "raised_hand", "1f64b_happypersonraisingonehand": "raising_hand",
		"2705_whiteheavycheckmark": "white_check_mark", "1f4a4_sleepingsymbol": "zzz", "23f0_alarmclock": "alarm_clock", "1f634_sleepingface": "sleeping",
		"1f512_lock": "lock", "1f636_facewithoutmouth": "no_mouth", "1f910_zippermouthface": "zipper_mouth_face",
		"21a9_leftwardsarrowwithhook": "leftwards_arrow_with_hook", "23ea_rewind": "rewind", "23f3_hourglasswithflowingsand": "hourglass_flowing_sand",
		"like": "like", "1f44d_thumbsup": "thumbsup", "1f389_partypopper": "partypopper", "_x": "x", "": "",
	} {
		if got := emojiName(reaction); got != want {
			t.Errorf("%q is %q, want %q", reaction, got, want)
		}
	}
}
