// Shortcodes that Parley, its people and the picker use.
const table = `
rotating_light 🚨|sunny ☀️|city_sunset 🌇|envelope_with_arrow 📩|round_pushpin 📍|straight_ruler 📏
+1 👍|-1 👎|ok_hand 👌|wave 👋|clap 👏|pray 🙏|eyes 👀|eyeglasses 👓|raised_hand ✋|scissors ✂️|unlock 🔓|hand ✋|raising_hand 🙋|tada 🎉|heart ❤️|fire 🔥|100 💯|rocket 🚀
smile 😄|slightly_smiling_face 🙂|slightly_frowning_face 🙁|triumph 😤|joy 😂|thinking_face 🤔|sob 😭|rage 😡|sleeping 😴|zzz 💤|no_mouth 😶|zipper_mouth_face 🤐
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|warning ⚠️|no_entry 🚫|no_entry_sign 🚫|lock 🔒|key 🔑|bell 🔔|no_bell 🔕
leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|rewind ⏪|hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰|clock1 🕐|stopwatch ⏱️|calendar 📅
email 📧|envelope ✉️|incoming_envelope 📨|inbox_tray 📥|outbox_tray 📤|mailbox 📬|mailbox_with_mail 📬|mailbox_closed 📪|postbox 📮|newspaper 📰|rolled_up_newspaper 🗞️
speech_balloon 💬|left_speech_bubble 🗨️|thought_balloon 💭|memo 📝|pencil ✏️|pencil2 ✏️|paperclip 📎|page_facing_up 📄|label 🏷️|pushpin 📌|link 🔗|mag 🔍|bulb 💡|bar_chart 📊
information_source ℹ️|question ❓|exclamation ❗|grey_question ❔|bust_in_silhouette 👤|busts_in_silhouette 👥|robot_face 🤖|gear ⚙️|wrench 🔧
large_green_circle 🟢|large_blue_circle 🔵|red_circle 🔴|large_yellow_circle 🟡|large_orange_circle 🟠|large_purple_circle 🟣|large_brown_circle 🟤|white_circle ⚪|black_circle ⚫
large_green_square 🟩|large_blue_square 🟦|large_red_square 🟥|large_yellow_square 🟨|large_orange_square 🟧|large_purple_square 🟪|large_brown_square 🟫
black_large_square ⬛|white_large_square ⬜|white_medium_square ◻️|black_medium_square ◼️
raised_hand_with_fingers_splayed 🖐️|point_right 👉|point_left 👈|point_up ☝️|arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrows_counterclockwise 🔄|repeat 🔁
see_no_evil 🙈|hear_no_evil 🙉|speak_no_evil 🙊|shushing_face 🤫|file_folder 📁|open_file_folder 📂|package 📦|moneybag 💰|credit_card 💳|star ⭐|sparkles ✨|construction 🚧|door 🚪|telephone_receiver 📞|iphone 📱|calling 📲
octagonal_sign 🛑|stop_sign 🛑|pause_button ⏸️|double_vertical_bar ⏸️|mute 🔇|checkered_flag 🏁|recycle ♻️|back 🔙|new 🆕|ok 🆗|twisted_rightwards_arrows 🔀|scroll 📜|wastebasket 🗑️|crown 👑|handshake 🤝|coffee ☕|electric_plug 🔌|house 🏠|eyeglasses 👓`;

const known = new Map(table.trim().split(/[|\n]/).map((e) => e.trim().split(' ')));

// emoji gives the character of a shortcode, or the shortcode itself.
export function emoji(name) {
  return known.get(name.replace(/::skin-tone-\d$/, '')) || `:${name}:`;
}

// isEmoji tells whether a shortcode is known here.
export const isEmoji = (name) => known.has(name);

// picks are offered by the picker, with what Parley does on some.
export const picks = ['white_check_mark', 'eyes', 'leftwards_arrow_with_hook', 'zzz', 'lock', '+1', 'heart', 'tada', 'pray', 'wave', 'clap', 'ok_hand',
  'fire', 'rocket', 'smile', 'joy', 'thinking_face', 'sob', 'rage', 'bulb', 'question', 'star', 'coffee', '100'];
