package card

import (
	"slices"
	"testing"

	"parley/channels/markdown"
)

const botID = "28:APPID"

// These are mentions as Teams brings them, with their numbers in the text.

func mentionOfUs(index int) TypedMention {
	return TypedMention{ID: botID, Name: "Helpdesk", Text: "<at>Helpdesk</at>", Index: index}
}

// mentionOfNamesake is a mention of another app that has the name of Parley's bot.
func mentionOfNamesake(index int) TypedMention {
	return TypedMention{ID: "28:OTHER", Name: "Helpdesk", Text: "<at>Helpdesk</at>", Index: index}
}

func mentionOfBen(index int) TypedMention {
	return TypedMention{ID: "29:BEN", User: benID, Name: "Ben & Co", Text: "<at>Ben &amp; Co</at>", Index: index}
}

// A message without HTML has its text in one of several formats.
func TestReadPlain(t *testing.T) {
	t.Parallel()
	us := []TypedMention{mentionOfUs(0)}
	for _, tt := range []struct {
		name     string
		format   string
		text     string
		mentions []TypedMention
		want     string // Markdown
	}{
		{
			name:     "plain",
			format:   "plain",
			text:     "<at>Helpdesk</at> re*solve\r\nnow",
			mentions: us,
			want:     `re\*solve` + "\nnow",
		},
		{
			name: "1 namesake first", format: "plain", text: "<at>Helpdesk</at> <at>Helpdesk</at> x",
			mentions: []TypedMention{mentionOfNamesake(0), mentionOfUs(1)}, want: "<@28:OTHER> x",
		},
		{
			name: "1 namesake last", format: "plain", text: "<at>Helpdesk</at> <at>Helpdesk</at> x",
			mentions: []TypedMention{mentionOfUs(0), mentionOfNamesake(1)}, want: "<@28:OTHER> x",
		},
		{
			name:   "2 forged mention",
			format: "plain",
			text:   "<at>Helpdesk</at> x",
			want:   `\<at>Helpdesk\</at> x`,
		},
		{name: "3 no-break space", text: "<at>Helpdesk</at>\u00a0 x", mentions: us, want: "x"},
		{name: "4 nothing left", text: " <at>Helpdesk</at> ", mentions: us, want: ""},
		{
			name: "markdown", format: "markdown", text: "<at>Helpdesk</at> **b** <at>Ben &amp; Co</at>",
			mentions: []TypedMention{mentionOfUs(0), mentionOfBen(1)}, want: "**b** " + markdown.MentionToken(benID),
		},
		{name: "xml", format: "xml", text: "<b>b</b>&amp;", want: "**b**&"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{Text: tt.text, Format: tt.format, Mentions: tt.mentions, Bot: botID})
			wantEqual(t, "Markdown", got.Markdown, tt.want)
		})
	}
}

// ReadText returns whom a text mentions, and whether it begins with a mention of Parley's bot.
func TestReadWhoIsMentioned(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{
		HTML:     `<p>&nbsp;<at id="0">Helpdesk</at> ask <at id="1">Ben &amp; Co</at></p>`,
		Mentions: []TypedMention{mentionOfUs(0), mentionOfBen(1)},
		Bot:      botID,
	})
	wantEqual(t, "mentions us", got.Bot, true)
	wantEqual(t, "begins with us", got.Leads, true)
	wantList(t, "mentions", got.Mentions, []string{benID})
	wantEqual(t, "Ben's token", got.Tokens["<@"+benID+">"], benID)
	wantEqual(t, "text with names", got.WithNames(got.Markdown), "ask @Ben & Co")
}

// ReadText returns the files and pictures of a text separately from its words.
func TestReadFilesAndPictures(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{HTML: `<p>see <attachment id="a1"></attachment>` +
		`<img src="https://g.test/hostedContents/1/$value" itemtype="http://schema.skype.com/AMSImage"></p>`})
	wantEqual(t, "words", got.Plain, "see")
	wantList(t, "files", got.Files, []string{"a1"})
	wantEqual(t, "pictures", len(got.Images), 1)
}

// The mention of a channel, a team or a tag becomes its name.
func TestReadMentionByName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		typed Typed
	}{
		{name: "HTML", typed: Typed{HTML: `<p>ask <at id="0">Support</at></p>`}},
		{name: "plain", typed: Typed{Text: "ask <at>Support</at>"}},
		{name: "Markdown", typed: Typed{Text: "ask <at>Support</at>", Format: "markdown"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.typed.Mentions = []TypedMention{{Name: "Support", Text: "<at>Support</at>"}}
			got := ReadText(tt.typed)
			wantList(t, "mentions", got.Mentions, []string{"@Support"})
			wantEqual(t, "words", got.Plain, "ask @Support")
		})
	}
}

// Teams may bring a mention with nothing but the name. It still counts as a mention.
func TestReadMentionWithoutEntity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		html string
	}{
		{name: "span", html: `<p>ask <span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">Ben</span></p>`},
		{name: "at", html: `<p>ask <at id="0">Ben</at></p>`},
		{name: "at in code", html: `<p><code>ask <at id="0">Ben</at></code></p>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ReadText(Typed{HTML: tt.html, Bot: botID})
			wantList(t, "mentions", got.Mentions, []string{"@Ben"})
			wantEqual(t, "words", got.Plain, "ask @Ben")
		})
	}
}

// ReadText returns the ids of quoted messages. Their words aren't part of the text.
func TestReadQuoteInHTML(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{HTML: `<blockquote itemtype="http://schema.skype.com/Reply" itemid="17">x</blockquote>y`})
	wantList(t, "quotes", got.Quotes, []string{"17"})
	wantEqual(t, "Markdown", got.Markdown, "y")
}

// GIFs, stickers and recordings in a message aren't files. ReadText names them, so that Parley can say that the customer
// didn't get them.
func TestClips(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		html string
		want []string
	}{
		{
			name: "GIF",
			html: `<p>Done!</p><readonly itemtype="http://schema.skype.com/Giphy">` +
				`<img src="https://media4.giphy.com/x.gif" itemtype="http://schema.skype.com/Giphy"></readonly>`,
			want: []string{"GIF"},
		},
		{
			name: "sticker",
			html: `<p><img itemtype="http://schema.skype.com/Sticker" src="https://x.test/s.png"></p>`,
			want: []string{"sticker"},
		},
		{
			name: "video",
			html: `<p>see</p><video itemtype="http://schema.skype.com/AMSVideo" src="https://x.test/v">inner words</video>`,
			want: []string{"video"},
		},
		{
			name: "recording",
			html: `<audio itemtype="http://schema.skype.com/AMSAudio" src="https://x.test/a"></audio>`,
			want: []string{"recording"},
		},
		{
			name: "two",
			html: `<p><img itemtype="http://schema.skype.com/Tenor" src="https://x.test/t.gif"></p><video src="https://x.test/v"></video>`,
			want: []string{"GIF", "video"},
		},
		{
			name: "no pasted picture, which is a file",
			html: `<p><img itemtype="http://schema.skype.com/AMSImage" src="https://x.test/hostedContents/1/$value"></p>`,
		},
		{
			name: "no emoji, which is a word",
			html: `<p><img itemtype="http://schema.skype.com/Emoji" alt="😀" src="https://x.test/e.png"></p>`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ReadText(Typed{HTML: tt.html}).Clips; !slices.Equal(got, tt.want) {
				t.Errorf("Clips = %q, want %q", got, tt.want)
			}
		})
	}
}
