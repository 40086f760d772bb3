package card

import (
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// emojiTable maps the shortcodes that Parley uses, such as "tada", to their characters.
const emojiTable = `
inbox_tray 📥|outbox_tray 📤|incoming_envelope 📨|envelope_with_arrow 📩|email 📧|envelope ✉️|e-mail 📧|mailbox 📬|postbox 📮
speech_balloon 💬|left_speech_bubble 🗨️|thought_balloon 💭|memo 📝|pencil ✏️|pencil2 ✏️|paperclip 📎
page_facing_up 📄|scroll 📜|label 🏷️|pushpin 📌|round_pushpin 📍|link 🔗|mag 🔍|bulb 💡
telephone_receiver 📞|telephone ☎️|phone ☎️|iphone 📱|calling 📲|globe_with_meridians 🌐
electric_plug 🔌|package 📦|robot_face 🤖|gear ⚙️|wrench 🔧|key 🔑
bust_in_silhouette 👤|busts_in_silhouette 👥|wave 👋|eyes 👀|raised_hand ✋|raised_hand_with_fingers_splayed 🖐️|hand ✋|raising_hand 🙋
whatsapp 💬|double_vertical_bar ⏸️|arrows_counterclockwise 🔄|point_right 👉|+1 👍|-1 👎|ok 🆗|ok_hand 👌
clap 👏|pray 🙏|heart ❤️|tada 🎉|rocket 🚀|fire 🔥
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|warning ⚠️|no_entry ⛔
no_entry_sign 🚫|lock 🔒|unlock 🔓|no_bell 🔕|bell 🔔|wastebasket 🗑️|rotating_light 🚨
leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|arrow_right ➡️|arrow_left ⬅️|rewind ⏪|repeat 🔁|hourglass ⌛
hourglass_flowing_sand ⏳|alarm_clock ⏰|clock1 🕐|stopwatch ⏱️|calendar 📅|date 📅|zzz 💤|sleeping 😴|no_mouth 😶
zipper_mouth_face 🤐|slightly_smiling_face 🙂|slightly_frowning_face 🙁|triumph 😤
information_source ℹ️|question ❓|exclamation ❗|grey_question ❔|eyeglasses 👓|house 🏠|city_sunset 🌇
crescent_moon 🌙|straight_ruler 📏|newspaper 📰|shield 🛡️|bar_chart 📊|books 📚
large_green_circle 🟢|large_blue_circle 🔵|red_circle 🔴|large_yellow_circle 🟡
large_orange_circle 🟠|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫
large_red_square 🟥|large_orange_square 🟧|large_yellow_square 🟨|large_green_square 🟩|large_blue_square 🟦
large_purple_square 🟪|large_brown_square 🟫|black_large_square ⬛|white_large_square ⬜|white_medium_square ◻️
`

// findEmoji returns the characters of a shortcode: "🎉" for "tada" or ":tada:". It returns "" for an unknown shortcode,
// because Teams would show its name.
func findEmoji(name string) string {
	name = strings.Trim(name, ":")
	for code, characters := range eachEmoji() {
		if code == name {
			return characters
		}
	}
	return ""
}

// Shortcodes returns the shortcodes of the emoji that begin with a code point, which is given in hexadecimal digits:
// "eyes" for "1f440". It returns nil for emoji that Parley doesn't use.
func Shortcodes(point string) []string {
	var names []string
	for name, characters := range eachEmoji() {
		if first, _ := utf8.DecodeRuneInString(characters); fmt.Sprintf("%x", first) == point {
			names = append(names, name)
		}
	}
	return names
}

// eachEmoji iterates over the shortcodes of emojiTable and their characters.
func eachEmoji() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for entry := range strings.FieldsFuncSeq(emojiTable, func(r rune) bool { return r == '|' || r == '\n' }) {
			name, characters, _ := strings.Cut(entry, " ") // each entry has a space
			if !yield(name, characters) {
				return
			}
		}
	}
}
