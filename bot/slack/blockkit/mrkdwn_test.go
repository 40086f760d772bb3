package blockkit

import "testing"

// A message without blocks has its text in Slack's own markup.
func TestReadMrkdwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		text     string
		markdown string
		plain    string
	}{
		{name: "plain", text: "hello", markdown: "hello", plain: "hello"},

		// Styles.
		{
			name:     "styles",
			text:     "*b* _i_ ~s~ `c*d`",
			markdown: "**b** *i* ~~s~~ `c*d`",
			plain:    "b i s c*d",
		},
		{
			name:     "signs inside words",
			text:     "a*b*c snake_case_name 2~3",
			markdown: `a\*b\*c snake\_case\_name 2\~3`,
			plain:    "a*b*c snake_case_name 2~3",
		},
		{name: "nested styles", text: "*_x_*", markdown: "***x***", plain: "x"},
		{name: "signs without an end", text: "<oops *x `y", markdown: `\<oops \*x ` + "\\`y", plain: "<oops *x `y"},

		// Tokens.
		{name: "entities, the ampersand's last", text: "&amp;lt; &lt;b&gt;", markdown: `\&lt; \<b>`, plain: "&lt; <b>"},
		{name: "everybody", text: "<!channel> hi", markdown: "@channel hi", plain: "@channel hi"},
		{name: "date", text: "<!date^1^{date}|1 Jan>", markdown: "1 Jan", plain: "1 Jan"},
		{name: "person with a name", text: "<@U1|ann> hi", markdown: "<@U1> hi", plain: "<@U1> hi"},
		{name: "channel with its name", text: "see <#C1|support>", markdown: "see #support", plain: "see #support"},
		{
			name: "channels without their names", text: "see <#C1> or <#C2|>",
			markdown: "see a channel or a channel", plain: "see a channel or a channel",
		},
		{
			name: "links with and without words", text: "<https://x.test|here> <https://x.test>",
			markdown: "[here](<https://x.test>) <https://x.test>", plain: "here https://x.test",
		},

		// Blocks.
		{name: "code", text: "a\n```x *y*\n```\nb", markdown: "a\n\n```\nx *y*\n```\n\nb", plain: "a\nx *y*\nb"},
		{name: "quote", text: "&gt; q1\n&gt; q2\nafter", markdown: "> q1\n> q2\n\nafter", plain: "q1\nq2\nafter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantRead(t, ReadText(Typed{Text: tt.text}), tt.markdown, tt.plain)
		})
	}
}
